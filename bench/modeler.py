"""`make modeler`: how long a designer waits for the diagram editor, in a real Chromium.

Opens the largest of our diagrams, and one of 300 elements, in the product on a database of its own:
how long the drawing takes, from the click until it can be worked on, until the first findings; and
from a change until it is kept as a draft and until it is checked (the editor itself waits 0.9 s and
0.7 s for more changes). Median and maximum of several rounds, in seconds; the very first one meets
a product that has checked nothing yet. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from bench.long_diagram import FILE, long_diagram
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.workspace import drafts
from broker_crm.engine.diagram import read_diagram
from tests import chromium
from tests.brokerage import ROOT, furnished
from tests.journeys.people_at_work import Person, served

ELEMENTS = 300
PATIENCE = 120_000
"""Milliseconds."""
READY = "() => document.querySelector('#editor[data-ready=yes]') && performance.now()"
FOUND = (
    "() => ['clean', 'warnings', 'errors'].includes("
    "document.querySelector('#findings-summary').dataset.state) && performance.now()"
)
CHANGE = """(round) => {
  const { modeler } = window.design;
  const [task] = modeler.get("elementRegistry").filter((each) => each.type === "bpmn:UserTask");
  const summary = document.querySelector("#findings-summary");
  delete window.checkedAt;
  new MutationObserver((_, watching) => {
    if (summary.dataset.state === "checking") return;
    window.checkedAt = performance.now();
    watching.disconnect();
  }).observe(summary, { attributeFilter: ["data-state"] });
  window.changedAt = performance.now();
  modeler.get("modeling").updateProperties(task, { name: `Pakeista ${round}` });
}"""
SAVED = (
    "() => document.querySelector('#save-state').dataset.state === 'saved'"
    " && performance.now() - window.changedAt"
)
CHECKED = "() => window.checkedAt && window.checkedAt - window.changedAt"
COLUMNS = ("drawn", "opened", "findings", "saved", "checked")


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    asked = argparse.ArgumentParser(prog="bench.modeler", description=__doc__.partition("\n")[0])
    asked.add_argument("--rounds", type=int, default=7)
    rounds = asked.parse_args().rounds
    largest, count = _largest()
    names = {largest: count, FILE: ELEMENTS}
    figures: dict[str, dict[str, object]] = {}
    with (
        tempfile.TemporaryDirectory(prefix="crm-modeler-") as folder,
        furnished(Path(folder)) as office,
        served(office.app) as address,
        chromium.running(chromium.path()) as browser,
    ):
        with office.factory.begin() as session:
            key = (ResourceKind.DIAGRAM, FILE)
            drafts.create(session, key, long_diagram(ELEMENTS), by="designer")
        for name, elements in names.items():
            times = measure(browser, address, name, rounds)
            figures[name] = {"elements": elements} | {
                column: {"median": round(median(values), 2), "max": round(max(values), 2)}
                for column, values in times.items()
            }
    _show(figures)
    print(json.dumps(figures))


def measure(browser: Browser, address: str, file: str, rounds: int) -> dict[str, list[float]]:
    """Seconds of each round by what was waited for.

    Args:
        browser: each round has a window of its own, with an empty cache.
        address: of the product.
        file: name of the diagram.
        rounds: how many.
    """
    times: dict[str, list[float]] = {column: [] for column in COLUMNS}
    for number in range(rounds):
        designer = Person(browser, address, "designer")
        page = designer.page
        page.set_default_timeout(PATIENCE)
        designer.visit(f"/design/files/bpmn/{file}")
        opened = page.wait_for_function(READY).json_value()
        found = page.wait_for_function(FOUND).json_value()
        page.evaluate(CHANGE, number)
        saved = page.wait_for_function(SAVED).json_value()
        checked = page.wait_for_function(CHECKED).json_value()
        drawn = float(page.locator("#editor").get_attribute("data-opened") or "nan")
        for column, value in zip(COLUMNS, (drawn, opened, found, saved, checked), strict=True):
            times[column].append(value / 1000)
        designer.leave()
    return times


def _largest() -> tuple[str, int]:
    """The diagram of ours with the most elements, and how many."""
    sizes = {
        path.name: len(read_diagram(path.read_bytes(), path.name).elements)
        for path in sorted((ROOT / "bpmn").glob("*.bpmn"))
    }
    name = max(sizes, key=lambda each: sizes[each])
    return name, sizes[name]


def _show(figures: dict[str, dict[str, object]]) -> None:
    print(f"{'':24}{'elements':>9}" + "".join(f"{column:>18}" for column in COLUMNS))
    for name, row in figures.items():
        cells = "".join(
            f"{values['median']:>10.2f} ({values['max']:.2f})"  # type: ignore[index]
            for values in (row[column] for column in COLUMNS)
        )
        print(f"{name:24}{row['elements']:>9}{cells}")
    print("median (maximum) in seconds\n")


if __name__ == "__main__":
    main()
