"""The server judges every submission as the real form viewer does in a real browser.

For each form of the product, and for one with the kinds of fields that these lack, people fill it
in, change their minds and leave things out. The viewer is driven field by field, as its own inputs
drive it, and then submitted.

Where the two differ on purpose:

- An emptied text counts as null on the server and as "" in the viewer.
- Read-only fields give nothing on the server, as disabled ones give nothing in either.
- The viewer silently drops what stands in fields that are hidden in the end. The server is asked
  twice: given what the viewer would send, it agrees; given all that was put in, it names the hidden
  fields, so that no caller believes that such a value was kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from broker_crm.definitions.forms import Form, FormRejected, read_form, validate
from tests.definitions.copies import ROOT
from tests.definitions.forms.submissions import OTHER_KINDS, Visit, visits

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FORMS = [json.loads(path.read_text()) for path in sorted((ROOT / "forms").glob("*.form"))]
FRONTEND = ROOT / "frontend"
VISITS = 25
AT_ONCE = """() => {
  const waiting = [];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => waiting.shift()();
  const soon = (done) => waiting.push(done) && port2.postMessage(null);
  const later = window.setTimeout.bind(window);
  window.setTimeout = (done, delay, ...rest) =>
    delay > 0 ? later(done, delay, ...rest) : soon(done);
  window.requestAnimationFrame = soon;
}"""
DRIVE = """async ([schema, visits]) => {
  const turn = () => new Promise((resolve) => setTimeout(resolve));
  const settled = async () => { for (let turns = 0; turns < 4; turns++) await turn(); };
  const results = [];
  for (const { context, steps } of visits) {
    const container = document.createElement("div");
    document.body.replaceChildren(container);
    const form = new Viewer.Form({ container, debounce: false });
    await form.importSchema(schema, context);
    await settled();
    const shown = () => form.get("formFieldInstanceRegistry").getAllKeyed();
    const keyOf = (instance) => form.get("formFieldRegistry").get(instance.id).key;
    const isFixed = ({ id }) => {
      const input = container.querySelector(`[id$="-${id}"]`);
      return Boolean(input?.readOnly || input?.disabled);
    };
    for (const [key, value] of steps) {
      const fieldInstance = shown().find((instance) => keyOf(instance) === key);
      if (!fieldInstance) continue;
      if (isFixed(fieldInstance)) continue;
      form._update({ fieldInstance, value });
      await settled();
    }
    const { data, errors } = form.submit();
    const wrong = Object.keys(errors).map((id) => form.get("formFieldRegistry").get(id).key);
    const fixed = shown().filter(isFixed).map(keyOf);
    results.push({ data, wrong, fixed, shown: shown().map(keyOf) });
    form.destroy();
  }
  return results;
}"""


@pytest.fixture(scope="module")
def viewer(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """An empty page with the viewer; effects run at once, there is nobody to watch frames."""
    bundle = tmp_path_factory.mktemp("viewer") / "viewer.js"
    subprocess.run(
        [
            Path(sys.executable).parent / "node",
            FRONTEND / "node_modules/esbuild/bin/esbuild",
            "--bundle",
            "--format=iife",
            "--global-name=Viewer",
            "--log-level=error",
            f"--outfile={bundle}",
        ],
        input='export { Form } from "@bpmn-io/form-js-viewer";',
        text=True,
        cwd=FRONTEND,
        check=True,
    )
    page = browser.new_page(timezone_id="Europe/Vilnius")
    page.evaluate(AT_ONCE)
    page.add_script_tag(path=bundle)
    yield page
    page.close()


def drive(viewer: Page, schema: dict[str, Any], imagined: list[Visit]) -> list[dict[str, Any]]:
    told = [{"context": each.context, "steps": each.steps} for each in imagined]
    results: list[dict[str, Any]] = viewer.evaluate(DRIVE, [schema, told])
    return results


def judged(
    form: Form, submission: dict[str, Any], context: dict[str, Any]
) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """What the server accepts, or the first code for each wrong field."""
    try:
        return validate(form, submission, context), {}
    except FormRejected as rejected:
        return None, {key: found[0].code for key, found in rejected.errors.items()}


def is_blank(value: object) -> bool:
    return value is None or value is False or value in ("", [])


@pytest.mark.parametrize("schema", [*FORMS, OTHER_KINDS], ids=lambda schema: schema["id"])
def test_server_and_viewer_agree(viewer: Page, schema: dict[str, Any]) -> None:
    form = read_form(json.dumps(schema))
    imagined = list(visits(form.schema, VISITS))
    accepted_ones = 0
    for visit, seen in zip(imagined, drive(viewer, form.schema, imagined), strict=True):
        place = json.dumps({"visit": visit.__dict__, "seen": seen}, ensure_ascii=False)
        accepted, refused = judged(form, seen["data"], visit.context)
        assert sorted(refused) == sorted(seen["wrong"]), place
        if accepted is not None:
            accepted_ones += 1
            expected = {
                key: None if value == "" else value
                for key, value in seen["data"].items()
                if key not in seen["fixed"]
            }
            assert accepted == expected, place
        _, refused = judged(form, {**seen["data"], **visit.meant}, visit.context)
        hidden = {
            key
            for key, value in visit.meant.items()
            if key not in seen["shown"] and not is_blank(value)
        }
        assert {key for key, code in refused.items() if code == "hidden"} == hidden, place
    assert 2 <= accepted_ones < VISITS
