"""Copies of files under other names, with ids of their own where ids must be unique."""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from lxml import etree

from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.places import NAMED_WITH_SUFFIX, SUFFIXES, FileKey
from broker_crm.engine.xml import local_name, read_xml

NAMES_OF = {ResourceKind.DIAGRAM: "process", ResourceKind.DECISION: "decision"}


def free_name(key: FileKey, taken: Collection[FileKey]) -> FileKey:
    """The key of a copy that no file has: `renewal-copy.bpmn`, `renewal-copy-2.bpmn` …"""
    kind, name = key
    suffix = SUFFIXES[kind] if kind in NAMED_WITH_SUFFIX else ""
    stem, language = name.removesuffix(suffix), ""
    if kind in (ResourceKind.LETTER, ResourceKind.SCRIPT, ResourceKind.DOCUMENT):
        stem, dot, code = stem.rpartition(".")
        language = dot + code
    number = 1
    while True:
        extra = "-copy" if number == 1 else f"-copy-{number}"
        target = (kind, f"{stem}{extra}{language}{suffix}")
        if target not in taken:
            return target
        number += 1


def copied(target: FileKey, content: bytes) -> bytes:
    """The content with ids that end as the target's name does, all references with them."""
    kind, name = target
    if kind not in NAMES_OF:
        return renamed(target, content)
    extra = name.removesuffix(SUFFIXES[kind])
    extra = "-" + extra[extra.rindex("copy") :] if "copy" in extra else "-copy"
    root = read_xml(content, name)
    ids = {
        node.get("id", "")
        for node in root.iter(etree.Element)
        if local_name(node) == NAMES_OF[kind] and node.get("id")
    }
    text = content.decode()
    for identifier in ids:
        mark = re.escape(identifier)
        text = re.sub(rf'="(#?){mark}"', rf'="\g<1>{identifier}{extra}"', text)
    return text.encode()


def renamed(target: FileKey, content: bytes) -> bytes:
    """The content under another name: a form's id is its name."""
    kind, name = target
    if kind is not ResourceKind.FORM:
        return content
    schema = json.loads(content)
    schema["id"] = name
    text = json.dumps(schema, ensure_ascii=False, indent=2)
    return (text + ("\n" if content.endswith(b"\n") else "")).encode()
