"""Two versions compared: the drawing, properties, forms, rows of tables and lines of texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker_crm.definitions.bundle import read_folder
from broker_crm.definitions.comparison import Change, ChangeKind, Comparison, Subject, compare
from broker_crm.definitions.models import ResourceKind
from tests.definitions.copies import SALE, copy, edit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy(tmp_path)


def files(folder: Path) -> dict[ResourceKind, dict[str, bytes]]:
    (bundle,) = read_folder(folder)
    return {kind: bundle.of(kind) for kind in ResourceKind}


def after(folder: Path, file: str, old: str, new: str) -> Comparison:
    before = files(folder)
    edit(folder, file, old, new)
    return compare(before, files(folder))


def only(found: Comparison) -> Change:
    (change,) = found
    return change


def told(change: Change) -> set[tuple[str, str | None, str | None]]:
    return {(detail.what, detail.before, detail.after) for detail in change.details}


def test_the_same_files_have_no_changes(folder: Path) -> None:
    assert not compare(files(folder), files(folder))


def test_a_renamed_step_is_changed_and_marked_on_the_drawing(folder: Path) -> None:
    found = after(folder, SALE, 'name="2. Skambutis"', 'name="2. Pokalbis"')
    change = only(found)
    assert (change.kind, change.subject, change.type) == (
        ChangeKind.CHANGED,
        Subject.ELEMENT,
        "userTask",
    )
    assert told(change) == {("name", "2. Skambutis", "2. Pokalbis")}
    assert found.drawn == {change.id: ChangeKind.CHANGED}


def test_a_shape_that_lies_elsewhere_is_moved_but_a_whole_drawing_is_not(folder: Path) -> None:
    before = files(folder)
    name = Path(SALE).name
    drawing = before[ResourceKind.DIAGRAM][name].decode()
    head, shape, rest = drawing.partition('bpmnElement="Task_FirstCall"')
    start = rest.index(' x="') + 4
    end = rest.index('"', start)
    farther = rest[:start] + str(float(rest[start:end]) + 40) + rest[end:]
    elsewhere = {ResourceKind.DIAGRAM: {name: (head + shape + farther).encode()}}
    change = only(compare({ResourceKind.DIAGRAM: before[ResourceKind.DIAGRAM]}, elsewhere))
    assert (change.kind, change.id) == (ChangeKind.MOVED, "Task_FirstCall")


def test_a_flow_tells_its_condition_and_its_ends(folder: Path) -> None:
    found = after(folder, SALE, "<bpmn:conditionExpression", '<bpmn:conditionExpression id="c"')
    assert not found
    text = (folder / SALE).read_text()
    start = text.index("<bpmn:conditionExpression")
    condition = text[text.index(">", start) + 1 : text.index("</bpmn:condition", start)]
    change = only(after(folder, SALE, f">{condition}<", ">=1 = 2<"))
    assert change.subject is Subject.FLOW
    ((what, _, now),) = told(change)
    assert (what, now) == ("condition", "=1 = 2")


def test_a_form_tells_its_fields(folder: Path) -> None:
    form = "forms/first-call.form"
    change = only(after(folder, form, '"label": "Kodėl nesidomi?"', '"label": "Ką sakė klientas"'))
    assert (change.subject, change.within) == (Subject.FIELD, "first-call")
    assert told(change) == {("label", "Kodėl nesidomi?", "Ką sakė klientas")}


def test_a_decision_table_tells_the_cells_of_its_rows(folder: Path) -> None:
    table = "bpmn/call_retry.dmn"
    text = (folder / table).read_text()
    start = text.index("<outputEntry")
    cell = text[text.index("<text>", start) : text.index("</text>", start) + 7]
    change = only(after(folder, table, cell, "<text>99</text>"))
    assert change.subject is Subject.RULE and change.within
    ((_, _, now),) = told(change)
    assert now == "99"


def test_a_row_that_goes_up_is_moved_alone(folder: Path) -> None:
    before = files(folder)
    name = "call_retry.dmn"
    text = before[ResourceKind.DECISION][name].decode()
    first = text.index("<rule")
    second = text.index("</rule>", first) + len("</rule>")
    third = text.index("</rule>", second) + len("</rule>")
    swapped = text[:first] + text[second:third].strip() + text[first:second] + text[third:]
    found = compare(
        {ResourceKind.DECISION: {name: text.encode()}},
        {ResourceKind.DECISION: {name: swapped.encode()}},
    )
    assert only(found).kind is ChangeKind.MOVED


def test_letters_and_documents_tell_their_lines(folder: Path) -> None:
    change = only(after(folder, "forms/letters/intro.lt.md", "Pagarbiai", "Su pagarba"))
    assert (change.subject, change.id) == (Subject.LETTER, "intro.lt")
    ((_, was, now),) = told(change)
    assert (was, now) == ("Pagarbiai", "Su pagarba")


def test_what_is_added_and_removed_is_named(folder: Path) -> None:
    before = files(folder)
    later = {kind: dict(found) for kind, found in before.items()}
    del later[ResourceKind.FORM]["first-call"]
    later[ResourceKind.LETTER]["new.lt"] = b"Subject: x\n\ny"
    found = {(each.kind, each.subject, each.id) for each in compare(before, later)}
    assert found == {
        (ChangeKind.REMOVED, Subject.FORM, "first-call"),
        (ChangeKind.ADDED, Subject.LETTER, "new.lt"),
    }
