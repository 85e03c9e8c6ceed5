"""Hardened reading of BPMN and DMN files: no DOCTYPE, no entities, limits on size and depth."""

from __future__ import annotations

from lxml import etree

from broker_crm.engine.errors import DiagramRefused, Refusal
from broker_crm.engine.sentences import said

MAX_BYTES = 2_000_000
MAX_NODES = 60_000
MAX_DEPTH = 64

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
ZEEBE = "http://camunda.org/schema/zeebe/1.0"
DMN_NAMESPACES = (
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
)


def read_xml(content: bytes, file: str) -> etree._Element:
    """Parse a file that may come from anybody.

    Args:
        content: the file, UTF-8.
        file: its name, for the refusal.

    Raises:
        DiagramRefused: when it is too big, too deep, not well formed, not UTF-8 or has a DOCTYPE.
    """
    if len(content) > MAX_BYTES:
        raise refuse(
            file,
            said(
                "The file has %(count)s bytes, the limit is %(limit)s.",
                count=len(content),
                limit=MAX_BYTES,
            ),
            said("Split the process with call activities."),
            "file-size",
        )
    if b"<!DOCTYPE" in content[:4096] or b"<!ENTITY" in content:
        raise refuse(
            file,
            said("The file declares a DOCTYPE or entities, which are not allowed."),
            said("Save it again from the modeler."),
            "doctype",
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=True,
    )
    try:
        content.decode("utf-8")
        root = etree.fromstring(content, parser)
    except UnicodeDecodeError as error:
        raise refuse(
            file, said("The file is not UTF-8."), said("Save it as UTF-8."), "encoding"
        ) from error
    except etree.XMLSyntaxError as error:
        raise refuse(
            file,
            said("The file is not well-formed XML: %(reason)s.", reason=error.msg),
            said("Open and save it in the modeler, or mend the line."),
            "well-formed",
            line=error.lineno,
        ) from error
    if root.getroottree().docinfo.doctype:
        raise refuse(
            file,
            said("The file has a DOCTYPE."),
            said("Save it again from the modeler."),
            "doctype",
        )
    _check_shape(root, file)
    return root


def _check_shape(root: etree._Element, file: str) -> None:
    nodes = 0
    depth = 0
    for event, _node in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        nodes += 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise refuse(
                file,
                said(
                    "The file is nested deeper than %(depth)s levels or has more than "
                    "%(nodes)s nodes.",
                    depth=MAX_DEPTH,
                    nodes=MAX_NODES,
                ),
                said("Split the process with call activities."),
                "file-size",
            )


def refuse(
    file: str, problem: str, mend: str, rule: str, line: int | None = None
) -> DiagramRefused:
    """A refusal of a whole file."""
    return DiagramRefused([Refusal(file, None, None, problem, mend, rule, line)])


def local_name(node: etree._Element) -> str:
    """The tag without its namespace."""
    return str(etree.QName(node).localname)


def is_bpmn(node: etree._Element) -> bool:
    """True for an element of the BPMN model namespace."""
    return bool(etree.QName(node).namespace == BPMN)


def bpmn(tag: str) -> str:
    """The full name of a BPMN tag."""
    return f"{{{BPMN}}}{tag}"


def zeebe(tag: str) -> str:
    """The full name of a zeebe extension tag."""
    return f"{{{ZEEBE}}}{tag}"
