"""The diagrams pass through bpmn-js's modeler, as in Camunda Modeler, and nothing is lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from broker_crm.definitions.lint import lint_paths
from broker_crm.engine.definition import CompiledProcess, Source, compile_process, process_keys
from broker_crm.engine.diagram import read_diagram
from tests.definitions.copies import ROOT, copy

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PACKAGES = ROOT / "frontend/node_modules"
MODELER = PACKAGES / "bpmn-js/dist/bpmn-modeler.development.js"
ZEEBE = PACKAGES / "zeebe-bpmn-moddle/resources/zeebe.json"
DIAGRAMS = sorted((ROOT / "bpmn").glob("*.bpmn"))
PASS_THROUGH = """async ([xml, zeebe]) => {
  const modeler = new BpmnJS({ container: "#canvas", moddleExtensions: { zeebe } });
  const { warnings } = await modeler.importXML(xml);
  const saved = await modeler.saveXML({ format: true });
  const shapes = modeler.get("elementRegistry").getAll().length;
  modeler.destroy();
  return { warnings: warnings.map(String), xml: saved.xml, shapes };
}"""

Fact = tuple[str, str, str]


@pytest.fixture(scope="module")
def modeler(browser: Browser) -> Iterator[Page]:
    """An empty page with the modeler's canvas."""
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    page.set_content('<div id="canvas" style="width:1600px;height:1000px"></div>')
    page.add_script_tag(path=MODELER)
    yield page
    page.close()


def pass_through(modeler: Page, content: str) -> dict[str, Any]:
    result: dict[str, Any] = modeler.evaluate(
        PASS_THROUGH, [content, json.loads(ZEEBE.read_text())]
    )
    return result


def facts(xml: str) -> Counter[Fact]:
    """Every element, attribute and text with its path; elements by their id or their place.

    The order of attributes, of elements with ids, and white space around texts mean nothing; the
    order of anything else does, so that it is part of the path.
    """
    found: Counter[Fact] = Counter()

    def walk(node: etree._Element, above: str) -> None:
        path = f"{above}/{node.tag}{_mark(node)}"
        found[path, "", (node.text or "").strip()] += 1
        for name, value in node.attrib.items():
            found[path, str(name), _plain(str(name), str(value))] += 1
        for child in node:
            walk(child, path)

    walk(etree.fromstring(xml.encode(), etree.XMLParser(remove_comments=True)), "")
    return found


def _mark(node: etree._Element) -> str:
    if node.get("id"):
        return f"[{node.get('id')}]"
    parent = node.getparent()
    return "" if parent is None else f"[{list(parent.iterchildren(node.tag)).index(node)}]"


def _plain(name: str, value: str) -> str:
    return f"{float(value):g}" if name in {"x", "y", "width", "height"} else value


def compiled(file: str, content: bytes) -> list[CompiledProcess]:
    tables = {path.name: path.read_bytes() for path in (ROOT / "bpmn").glob("*.dmn")}
    keys = process_keys(read_diagram(content, file))
    return [compile_process(Source(key, {file: content}, tables)) for key in keys]


def test_there_are_diagrams() -> None:
    assert DIAGRAMS


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_nothing_is_lost(modeler: Page, path: Path) -> None:
    before = path.read_text()
    result = pass_through(modeler, before)
    assert result["warnings"] == []
    assert result["shapes"] > before.count("<bpmndi:BPMNShape")
    kept, written = facts(before), facts(result["xml"])
    assert sorted(kept - written) == []
    assert sorted(written - kept) == []


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_the_saved_file_is_the_same_process(modeler: Page, path: Path, tmp_path: Path) -> None:
    saved = pass_through(modeler, path.read_text())["xml"].encode()
    ours, theirs = compiled(path.name, path.read_bytes()), compiled(path.name, saved)
    assert len(ours) == len(theirs) > 0
    for one, other in zip(ours, theirs, strict=True):
        for kind in ("elements", "flows"):
            before, after = (
                {key: replace(each, line=None) for key, each in getattr(process, kind).items()}
                for process in (one, other)
            )
            assert before == after
        assert one.spec.task_specs.keys() == other.spec.task_specs.keys()
    (copy(tmp_path, every_process=True) / "bpmn" / path.name).write_bytes(saved)
    assert lint_paths([tmp_path]) == []


@pytest.mark.parametrize("path", DIAGRAMS, ids=lambda path: path.stem)
def test_a_second_pass_changes_no_letter(modeler: Page, path: Path) -> None:
    once = pass_through(modeler, path.read_text())["xml"]
    assert pass_through(modeler, once)["xml"] == once


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<zeebe:userTask />", ""),
        ('target="letterNote"', 'target="letterNotes"'),
        ("=after due(3)", "=after due(4)"),
        ('<di:waypoint x="', '<di:waypoint x="1'),
        ('isHorizontal="true"', ""),
        ('isMarkerVisible="true"', ""),
    ],
)
def test_a_loss_would_be_seen(old: str, new: str) -> None:
    before = (ROOT / "bpmn/new_client_sale.bpmn").read_text()
    assert old in before
    assert facts(before) - facts(before.replace(old, new, 1))
