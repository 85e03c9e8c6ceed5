"""The form of “What if”: what can be changed, what it is today, and the changes typed into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from broker_crm.analysis.ledger import ledger
from broker_crm.analysis.simulation.fitting import role_of
from broker_crm.analysis.simulation.history import OWN_CASES
from broker_crm.analysis.simulation.model import Does, Model, Node
from broker_crm.analysis.simulation.scenarios import Change
from broker_crm.analysis.simulation.versions import published_model
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import NotPublished, compiled
from broker_crm.web import names, staff, task_schema
from broker_crm.web.analyse.what_if import words
from broker_crm.web.answers import figures, labels, steps
from broker_crm.web.wording import word

OWN = """
    SELECT count(*) AS n FROM case_file
    WHERE process = $process AND version = $version AND ended_s IS NOT NULL
"""
OF_STEP = ("standard", "wait", "work")
FACTS = """
    SELECT t.element, count(*) AS n, median(t.std_days) AS standard,
        median(coalesce(t.started_s, t.done_s) - t.created_s) / 28800 AS wait,
        median(t.minutes) AS minutes
    FROM task t JOIN case_file c USING (case_no)
    WHERE c.process = $process AND ($all OR c.version = $version) AND t.status = 'completed'
    GROUP BY 1
"""
OUTCOMES = """
    SELECT t.element, t.outcome, count(*) AS n FROM task t JOIN case_file c USING (case_no)
    WHERE c.process = $process AND ($all OR c.version = $version) AND t.status = 'completed'
      AND t.outcome IS NOT NULL GROUP BY 1, 2
"""
DOERS = """
    SELECT t.person, mode(t.element) AS element FROM task t JOIN case_file c USING (case_no)
    JOIN person p ON p.login = t.person
    WHERE c.process = $process AND t.status = 'completed' AND p.active GROUP BY 1 ORDER BY 1
"""


def form(session: Session, version: ProcessVersion, changes: Iterable[Change]) -> dict[str, Any]:
    """What the fields of a form show, with the changes that are in its address.

    Args:
        session: reads only.
        version: that is simulated.
        changes: as they are typed already.
    """
    model = published_model(session, version)
    typed = {_field(each): _number(each) for each in changes}
    told: dict[str, object] = {"process": version.process_key, "version": version.number}
    with ledger(session) as columns:
        told["all"] = columns.row(OWN, told)["n"] < OWN_CASES
        facts = {row["element"]: row for row in columns.rows(FACTS, told)}
        counts: dict[tuple[str, str], int] = {
            (row["element"], row["outcome"]): row["n"] for row in columns.rows(OUTCOMES, told)
        }
        doers = columns.rows(DOERS, told)
    known = naming(session, version, model)
    groups = [
        role_of(model.nodes[row["element"]]) for row in doers if row["element"] in model.nodes
    ]
    return {
        "open": {name.partition(".")[0] for name in typed},
        "steps": [_step(node, facts.get(node.id), known, typed) for node in model.steps],
        "outcomes": [
            outcome
            for node in model.steps
            if len(node.element.outcomes) > 1
            for outcome in _outcomes(node, counts, known, typed)
        ],
        "gateways": [
            {
                "field": f"flow.{node.id}.{flow.id}",
                "name": f"{known[node.id]} → {known.get(f'{node.id}:{flow.id}') or '…'}",
                "value": typed.get(f"flow.{node.id}.{flow.id}", ""),
            }
            for node in model.nodes.values()
            if node.does is Does.ONE and len(node.flows) > 1 and not node.decided and node.name
            for flow in node.flows
        ],
        "groups": [
            {
                "field": f"add.{group}",
                "name": word(words.GROUP, group),
                "count": groups.count(group),
                "value": typed.get(f"add.{group}", ""),
            }
            for group in dict.fromkeys(groups)
        ],
        "people": [
            {
                "field": f"without.{row['person']}",
                "name": staff.name(session, row["person"]),
                "chosen": f"without.{row['person']}" in typed,
            }
            for row in doers
        ],
        "arrivals": typed.get("arrivals", ""),
        "other": next((each.text for each in changes if each.kind in ("version", "draft")), ""),
        "others": _others(session, version),
    }


def changes_in(fields: Iterable[tuple[str, str]]) -> list[str]:
    """Texts of changes from the fields of a posted form; those left empty are none."""
    found = []
    for name, text in fields:
        text = text.strip().replace(",", ".")
        parts = name.split(".")
        if not text:
            continue
        if parts[0] in ("on-time", "without"):
            found.append(":".join(parts))
        elif parts[0] in ("standard", "wait", "work", "outcome", "flow", "add", "arrivals"):
            if parts[0] in ("outcome", "flow"):
                text = _share(text)
            found.append(":".join((*parts, text)))
        elif name == "other":
            found.append(text)
    return found


def naming(session: Session, version: ProcessVersion, model: Model) -> dict[str, str]:
    """Names of steps, outcomes, gateways, flows and people in the visitor's language."""
    known = dict(staff.names(session))
    for node in model.nodes.values():
        known[node.id] = names.name(session, version.id, node.name) or node.id
    flows = _flow_names(session, version)
    for node in model.nodes.values():
        for flow in node.flows:
            told = names.name(session, version.id, flows.get(flow.id)) or known.get(flow.target, "")
            known[f"{node.id}:{flow.id}"] = told
        for outcome in node.element.outcomes:
            known[f"{node.id}:{outcome}"] = _outcome(session, version, node, outcome)
    return known


def processes(session: Session) -> list[tuple[str, str]]:
    """Key and name of each process."""
    return [(key, labels.label(session, "process", key)) for key in sorted(steps.latest(session))]


def _flow_names(session: Session, version: ProcessVersion) -> Mapping[str, str]:
    return {flow.id: flow.name for flow in compiled(session, version.id).flows.values()}


def _outcome(session: Session, version: ProcessVersion, node: Node, outcome: str) -> str:
    if node.element.form_key is None:
        return outcome
    try:
        schema = task_schema.schema(session, version.id, node.element.form_key)
    except NotPublished:
        return outcome
    label = names.options(schema, node.element.outcome_variable).get(outcome)
    return names.name(session, version.id, label) or outcome


def _step(
    node: Node,
    fact: Mapping[str, Any] | None,
    known: Mapping[str, str],
    typed: Mapping[str, str],
) -> dict[str, Any]:
    seen = fact or {"n": 0, "standard": None, "wait": None, "minutes": None}
    return {
        "id": node.id,
        "name": known[node.id],
        "n": figures.number(seen["n"]),
        "few": seen["n"] < 10,
        "standard": figures.figure(seen["standard"], "days"),
        "wait": figures.figure(seen["wait"], "days"),
        "minutes": figures.figure(seen["minutes"], "minutes"),
        "typed": {kind: typed.get(f"{kind}.{node.id}", "") for kind in OF_STEP},
        "on_time": f"on-time.{node.id}" in typed,
    }


def _outcomes(
    node: Node,
    counts: Mapping[tuple[str, str], int],
    known: Mapping[str, str],
    typed: Mapping[str, str],
) -> list[dict[str, Any]]:
    total = sum(counts.get((node.id, each), 0) for each in node.element.outcomes)
    return [
        {
            "field": f"outcome.{node.id}.{outcome}",
            "step": known[node.id],
            "name": known[f"{node.id}:{outcome}"],
            "share": figures.figure(counts.get((node.id, outcome), 0) / total, "share")
            if total
            else figures.NOTHING,
            "value": typed.get(f"outcome.{node.id}.{outcome}", ""),
        }
        for outcome in node.element.outcomes
    ]


def _others(session: Session, version: ProcessVersion) -> list[tuple[str, str]]:
    found = [
        (f"version:{each.number}", labels.label(session, "version", each.number))
        for each in steps.versions(session)
        if each.process_key == version.process_key and each.number != version.number
    ]
    return [*found, ("draft", words.change(Change("draft"), {}))]


def _field(change: Change) -> str:
    return ".".join(part for part in (change.kind, change.place, change.name) if part)


def _number(change: Change) -> str:
    if change.value is None:
        return "yes"
    if change.kind in ("outcome", "flow"):
        return f"{100 * change.value:+g}" if change.moves else f"{100 * change.value:g}"
    return f"{change.value:g}"


def _share(text: str) -> str:
    """A share as people type it, 35 or 35 % or +3, as a change has it."""
    sign = text[0] if text[0] in "+-" else ""
    bare = text.removeprefix(sign).removesuffix("%").strip()
    try:
        return f"{sign}{float(bare) / 100:g}"
    except ValueError:
        return text
