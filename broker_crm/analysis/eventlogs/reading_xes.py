"""Reads XES as it is found in the wild: streamed, without DOCTYPE, whatever its root and keys."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from lxml import etree

from broker_crm.analysis.eventlogs.opening import HEAD
from broker_crm.analysis.eventlogs.staging import MOST_COLUMNS, LogRefused, Stage

OF_CASE = "case:"
"""Before the keys of values that a case has."""
NAME = "case:concept:name"
LARGEST_PART = 4_000_000
"""Bytes without the end of an event or of a trace, all of which lie in memory."""
MOST_PARTS = 10 * MOST_COLUMNS
"""Elements directly beneath a trace, besides its events."""


def read(file: io.BufferedReader[Any], stage: Stage) -> None:
    """Take all events of a log.

    Namespaces, a missing version, unknown keys, nested attributes and lists do no harm; the last
    two are left out. A case without a name is named by its number.

    Args:
        file: XES.
        stage: takes the events, each with the line on which it begins.

    Raises:
        LogRefused: it is not well formed, has a DOCTYPE, or is no log.
    """
    if b"<!DOCTYPE" in file.peek(HEAD)[:HEAD]:
        raise LogRefused("doctype")
    trace = 0
    parts = _Parts(file)
    try:
        for happening, node in _nodes(parts):
            name = etree.QName(node).localname
            if happening == "start":
                if name == "log":
                    _check_document(node)
                elif name == "trace":
                    trace += 1
                continue
            if name == "event":
                stage.add(node.sourceline or 0, trace, _values(node, ""))
            elif name == "trace":
                stage.add_case(trace, {NAME: str(trace), **_values(node, OF_CASE)})
            parts.since = 0
            _forget(node)
    except etree.XMLSyntaxError as error:
        deep = "depth" in str(error.msg).lower()
        code = "tooDeep" if deep else "notXml"
        raise LogRefused(code, error.lineno, error.msg or "it breaks off") from error


class _Parts:
    """A file of which no more is read at a time than one event may have."""

    def __init__(self, file: io.BufferedReader[Any]) -> None:
        self.file = file
        self.since = 0

    def read(self, size: int = -1) -> bytes:
        piece: bytes = self.file.read(size)
        self.since += len(piece)
        if self.since > LARGEST_PART:
            raise LogRefused("tooDeep")
        return piece


def _forget(node: Any) -> None:
    """Leave nothing of what was read in memory but a trace's own attributes."""
    node.clear(keep_tail=False)
    while (parent := node.getparent()) is not None:
        if etree.QName(parent).localname != "trace":
            while node.getprevious() is not None:
                del parent[0]
        elif (before := node.getprevious()) is not None:
            if etree.QName(before).localname == "event":
                parent.remove(before)
            if len(parent) > MOST_PARTS:
                raise LogRefused("tooDeep", node.sourceline)
        node = parent


def _nodes(file: _Parts) -> Iterator[tuple[str, Any]]:
    found = etree.iterparse(
        file,
        events=("start", "end"),
        tag=("{*}log", "{*}trace", "{*}event"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    first = True
    for happening, node in found:
        if first:
            _check_root(node.getroottree().getroot())
            first = False
        yield happening, node
    if first:
        _check_root(found.root)


def _check_root(root: Any) -> None:
    name = etree.QName(root).localname
    if name != "log":
        raise LogRefused("notXes", root.sourceline, name[:40])


def _check_document(root: Any) -> None:
    if root.getroottree().docinfo.doctype:
        raise LogRefused("doctype")


def _values(node: Any, before: str) -> dict[str, str]:
    """Keys and values of the attributes directly beneath a node."""
    found: dict[str, str] = {}
    for child in node:
        key, value = child.get("key"), child.get("value")
        if key and value is not None:
            found[before + key[:200]] = value
    return found
