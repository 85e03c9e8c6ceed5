"""What the history keeps of choices: conditions, the values that they read, rows that hit."""

from __future__ import annotations

import orjson

from broker_crm.engine import commands
from broker_crm.engine.decisions import Decision, Hit, Input, Output, Rule, decide
from broker_crm.engine.explaining import LARGEST_SET, short
from broker_crm.engine.feel import reads

from .diagrams import around, compiled, flows, user_task

THREE_WAYS = (
    '<bpmn:startEvent id="s" />'
    + user_task("call")
    + '<bpmn:exclusiveGateway id="g" default="g-e" />'
    + user_task("meet")
    + user_task("write")
    + '<bpmn:endEvent id="e" />'
    + flows("s>call", "call>g", 'g>meet: =client.kind = "legal"', "g>write: =premium > 100", "g>e")
    + flows("meet>e", "write>e")
)


def passed(kind: str, premium: int) -> dict[str, object]:
    process = compiled(THREE_WAYS)
    client = {"kind": kind, "name": "Slapta"}
    state, begun = commands.start(process, {"client": client, "other": 1}, around())
    values = {"premium": premium}
    _state, after = commands.complete(process, state, begun.created[0].id, values, around())
    return next(event.value for event in after.events if event.element_id == "g")


def test_a_gateway_keeps_its_conditions_in_order_and_only_the_values_that_they_read():
    assert passed("natural", 200) == {
        "flows": ["g-write"],
        "weighed": {"g-meet": False, "g-write": True},
        "with": {"client": {"kind": "natural"}, "premium": 200},
    }
    assert passed("legal", 1)["weighed"] == {"g-meet": True}
    assert passed("natural", 1) == {
        "flows": ["g-e"],
        "weighed": {"g-meet": False, "g-write": False},
        "with": {"client": {"kind": "natural"}, "premium": 1},
    }


def test_a_table_tells_which_rows_hit_by_what_inputs_and_required_decisions_first():
    table = Decision(
        "days",
        "Terms",
        "t.dmn",
        hit_policy="COLLECT",
        inputs=(Input("size", "Size"), Input("risk", "Risk")),
        outputs=(Output("days", "", None),),
        rules=(Rule("a", ("> 5", "-"), ("3",)), Rule("b", ("-", '"high"'), ("9",))),
        requires=("risk",),
    )
    risk = Decision("risk", "risk", "t.dmn", expression='if size > 1 then "high" else "low"')
    hits: dict[str, Hit] = {}
    decisions = {"days": table, "risk": risk}
    assert decide("days", decisions, {"size": 3, "more": 1}, None, hits) == [9]
    assert list(hits) == ["risk", "days"]
    assert hits["risk"].told() == {"rules": [], "inputs": {"size": 3}, "gave": "high"}
    assert hits["days"].told() == {
        "rules": [2],
        "inputs": {"size": 3, "risk": "high"},
        "gave": [9],
    }


def test_what_is_kept_is_short_and_opens_nothing():
    values = {f"v{n}": "x" * 900 for n in range(40)} | {"list": [1] * 900}
    values["record"] = {"name": "y" * 900, "inner": {"a": [1] * 900}}
    values |= {"signingLink": "https://here", "unsubscribeToken": "t", "yes": True, "none": None}
    cut = short(dict(reversed(values.items())))
    assert len(orjson.dumps(cut)) < LARGEST_SET + 600
    assert cut["signingLink"] == cut["unsubscribeToken"] == "…"
    assert cut["yes"] is True and cut["none"] is None and cut["list"] == ["…"]
    assert cut["record"] == {"name": "y" * 200 + "…"}


def test_names_that_only_look_alike_are_not_read():
    context = {"a": 1, "day": 2, "daily total": 3, "client": {"kind": "x", "name": "y"}}
    assert reads('client.kind = "a" and daily total > 2', context) == {
        "daily total": 3,
        "client": {"kind": "x"},
    }
