"""What a decision table may say, and how several work together."""

from __future__ import annotations

from itertools import pairwise

import pytest

from broker_crm.engine import commands
from broker_crm.engine.decisions import decide, read_decisions
from broker_crm.engine.errors import DiagramRefused, RuleFailed
from broker_crm.engine.feel import unary_test

from .diagrams import around, compiled, flows

BODY = (
    '<bpmn:startEvent id="s" /><bpmn:businessRuleTask id="b"><bpmn:extensionElements>'
    '<zeebe:calledDecision decisionId="d" resultVariable="r" /></bpmn:extensionElements>'
    '</bpmn:businessRuleTask><bpmn:endEvent id="e" />' + flows("s>b", "b>e")
)
OUTPUT = '<output name="r" />'


def dmn(*decisions: str) -> bytes:
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="D" name="D"'
        f' namespace="x">{"".join(decisions)}</definitions>'
    ).encode()


def table(
    *cells: str,
    key: str = "d",
    policy: str = "FIRST",
    expression: str = "x",
    outputs: str = OUTPUT,
    requires: tuple[str, ...] = (),
) -> str:
    """A table whose rows all match and give the cells."""
    required = "".join(
        f'<informationRequirement><requiredDecision href="#{each}" /></informationRequirement>'
        for each in requires
    )
    rows = "".join(
        f'<rule id="{key}-{number}"><inputEntry><text>-</text></inputEntry>'
        f"<outputEntry><text>{cell}</text></outputEntry></rule>"
        for number, cell in enumerate(cells)
    )
    return (
        f'<decision id="{key}" name="{key}">{required}<decisionTable hitPolicy="{policy}">'
        f"<input><inputExpression><text>{expression}</text></inputExpression></input>"
        f"{outputs}{rows}</decisionTable></decision>"
    )


def listing(kind: str, text: str) -> str:
    return f'<output name="r"><{kind}><text>{text}</text></{kind}></output>'


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ([dmn(table("1", requires=("e",)), table("1", key="e", requires=("d",)))], "itself"),
        ([dmn(table("1", expression=""))], "has no expression"),
        ([dmn(table("1"), table("2"))], "another decision"),
        ([dmn(table("1")), dmn(table("2"))], "another decision"),
        ([dmn(table("1", outputs=listing("defaultOutputEntry", "1 +* 2")))], "Unrecognized"),
        ([dmn(table("1", outputs=listing("outputValues", "1 +* 2")))], "Unrecognized"),
        ([dmn(table("1", outputs=OUTPUT + OUTPUT))], "share a name"),
        ([dmn(table("1e3"))], "exponent"),
    ],
)
def test_a_table_that_can_not_run_is_refused_before_it_is_published(files, problem):
    tables = {f"{number}.dmn": content for number, content in enumerate(files)}
    with pytest.raises(DiagramRefused, match=problem):
        compiled(BODY, decisions=tables)


def test_cells_count_working_days():
    cell = 'working days after("2026-12-23", 1)'
    process = compiled(BODY, decisions={"d.dmn": dmn(table(cell))})
    _, ended = commands.start(process, {"x": 1}, around())
    assert str(ended.variables["r"]).startswith("2026-12-25"), "the 24th is closed"


def test_values_in_order_of_priority_may_hold_commas():
    outputs = listing("outputValues", '"later, perhaps", "now"')
    content = dmn(table('"now"', '"later, perhaps"', policy="PRIORITY", outputs=outputs))
    decisions, refusals = read_decisions(content, "d.dmn")
    assert not refusals and decide("d", decisions, {"x": 1}) == "later, perhaps"


def test_a_decision_that_many_require_is_worked_out_once():
    keys = ["d", *(f"d{number}" for number in range(1, 40))]
    content = dmn(
        *(
            table("x + 1", key=key, requires=(following, following))
            for key, following in pairwise(keys)
        ),
        table("1", key=keys[-1]),
    )
    decisions, _ = read_decisions(content, "d.dmn")
    assert decide("d", decisions, {"x": 1}) == 2


def test_a_number_too_large_to_be_exact_is_never_changed_in_silence():
    process = compiled(BODY, decisions={"d.dmn": dmn(table("x"))})
    with pytest.raises(Exception, match="53-bit"):
        commands.start(process, {"x": 2**53 + 1}, around())


@pytest.mark.parametrize(
    ("policy", "problem"), [("ANY", "different results"), ('COLLECT" aggregation="SUM', "numbers")]
)
def test_true_is_not_taken_for_one(policy, problem):
    decisions, refusals = read_decisions(dmn(table("1", "true", policy=policy)), "d.dmn")
    assert not refusals
    with pytest.raises(RuleFailed, match=problem):
        decide("d", decisions, {"x": 1})


@pytest.mark.parametrize(
    ("kind", "cell", "value", "matches"),
    [
        ("date", '>= date("2026-01-01")', "2026-03-01", True),
        ("date", '>= date("2026-01-01")', "2025-12-31", False),
        ("date", '[date("2026-01-01")..date("2026-12-31")]', "2026-12-31", True),
        ("date", '[date("2026-01-01")..date("2026-12-31")]', "2027-01-01", False),
        ("dateTime", '< date and time("2026-01-01T10:00:00Z")', "2026-01-01T09:00:00Z", True),
        ("time", '>= time("14:00:00")', "13:59:00", False),
        ("date", '>= date("2026-01-01")', None, False),
    ],
)
def test_texts_in_a_column_of_days_are_compared_as_days(
    kind: str, cell: str, value: str | None, matches: bool
) -> None:
    """Process variables hold days as texts; the column's type says what they are."""
    assert unary_test(cell, value, {}, type_ref=kind) is matches
