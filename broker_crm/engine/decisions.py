"""DMN 1.3 decision tables with FEEL cells and all hit policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson
from lxml import etree

from broker_crm.calendar import WorkingCalendar
from broker_crm.engine.errors import Refusal, RuleFailed
from broker_crm.engine.explaining import short
from broker_crm.engine.feel import (
    FeelError,
    check,
    check_unary_test,
    evaluate,
    reads,
    unary_test,
)
from broker_crm.engine.sentences import said, told
from broker_crm.engine.xml import DMN_NAMESPACES, local_name, read_xml

HIT_POLICIES = frozenset(
    {"UNIQUE", "FIRST", "ANY", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "COLLECT"}
)
AGGREGATIONS: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "MIN": min,
    "MAX": max,
    "COUNT": len,
}


@dataclass(frozen=True, slots=True)
class Input:
    expression: str
    label: str
    type_ref: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    name: str
    values: str
    """FEEL values in descending priority, with commas between, for PRIORITY and OUTPUT ORDER."""
    default: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    tests: tuple[str, ...]
    results: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """What one decision gave, and why."""

    rules: tuple[int, ...]
    """Rows that matched, from 1; none for a literal expression."""
    inputs: Mapping[str, object]
    """By the column's expression, or by the names that a literal expression reads."""
    gave: object

    def told(self) -> dict[str, object]:
        """For the history: values cut short."""
        cut = short({"gave": self.gave})
        return {"rules": list(self.rules), "inputs": short(self.inputs), **cut}


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: a table, or a literal expression."""

    id: str
    name: str
    file: str
    hit_policy: str = "UNIQUE"
    aggregation: str | None = None
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    rules: tuple[Rule, ...] = ()
    expression: str | None = None
    requires: tuple[str, ...] = ()


def read_decisions(content: bytes, file: str) -> tuple[dict[str, Decision], list[Refusal]]:
    """Read all decisions of a DMN file.

    Returns:
        Decisions by id, and what is wrong with them.

    Raises:
        DiagramRefused: when the file is not acceptable XML.
    """
    root = read_xml(content, file)
    namespace = etree.QName(root).namespace or ""
    if namespace not in DMN_NAMESPACES:
        problem = said(
            "The namespace “%(namespace)s” is not DMN 1.3 (or 1.2).", namespace=namespace
        )
        return {}, [Refusal(file, None, None, problem, said("Save the file as DMN 1.3."), "dmn")]
    decisions: dict[str, Decision] = {}
    refusals: list[Refusal] = []
    for node in root:
        if local_name(node) == "decision":
            decision = _read_decision(node, file)
            refusals.extend(_refusals(decision, node))
            if decision.id in decisions:
                refusals.append(used_twice(decision, file))
            decisions[decision.id] = decision
    return decisions, refusals


def used_twice(decision: Decision, file: str) -> Refusal:
    """The refusal of a second decision with the same id."""
    problem = said("The id is used by another decision in %(file)s too.", file=file)
    mend = said("Give every decision an id of its own.")
    return Refusal(decision.file, decision.id, decision.name, problem, mend, "unique-id")


def _read_decision(node: etree._Element, file: str) -> Decision:
    identifier, name = node.get("id", ""), node.get("name") or node.get("id", "")
    requires = tuple(
        required.get("href", "").removeprefix("#") for required in node.iter("{*}requiredDecision")
    )
    table = node.find("{*}decisionTable")
    if table is None:
        literal = node.find("{*}literalExpression")
        return Decision(
            identifier,
            name,
            file,
            expression=_text(literal) if literal is not None else None,
            requires=requires,
        )
    return Decision(
        identifier,
        name,
        file,
        hit_policy=table.get("hitPolicy", "UNIQUE"),
        aggregation=table.get("aggregation"),
        inputs=tuple(_read_input(column) for column in table.findall("{*}input")),
        outputs=tuple(_read_output(column) for column in table.findall("{*}output")),
        rules=tuple(
            Rule(
                rule.get("id", ""),
                tuple(_text(cell) for cell in rule.findall("{*}inputEntry")),
                tuple(_text(cell) for cell in rule.findall("{*}outputEntry")),
            )
            for rule in table.findall("{*}rule")
        ),
        requires=requires,
    )


def _read_input(column: etree._Element) -> Input:
    expression = column.find("{*}inputExpression")
    type_ref = expression.get("typeRef", "") if expression is not None else ""
    return Input(_text(expression), column.get("label") or "", type_ref)


def _read_output(column: etree._Element) -> Output:
    listed = _text(column.find("{*}outputValues"))
    default = _text(column.find("{*}defaultOutputEntry"))
    return Output(column.get("name") or "", listed, default or None)


def _text(node: etree._Element | None) -> str:
    if node is None:
        return ""
    text = node.find("{*}text")
    return ((text.text if text is not None else node.text) or "").strip()


def _refusals(decision: Decision, node: etree._Element) -> list[Refusal]:
    found: list[Refusal] = []

    def refuse(problem: str, mend: str, rule: str, place: str | None = None) -> None:
        found.append(
            Refusal(
                decision.file,
                place or decision.id,
                decision.name,
                problem,
                mend,
                rule,
                node.sourceline,
            )
        )

    if decision.expression is not None:
        if not decision.expression:
            refuse(said("The decision has an empty expression."), said("Write it."), "dmn")
        _check_expression(decision.expression, decision.id, refuse)
        return found
    if not decision.outputs:
        refuse(said("The decision has no table."), said("Add a decision table."), "dmn")
    if decision.hit_policy not in HIT_POLICIES:
        refuse(
            said("The hit policy “%(hit_policy)s” is unknown.", hit_policy=decision.hit_policy),
            said("Use one of %(names)s.", names=", ".join(sorted(HIT_POLICIES))),
            "hit-policy",
        )
    if decision.aggregation and decision.aggregation not in AGGREGATIONS:
        refuse(
            said("The aggregation “%(aggregation)s” is unknown.", aggregation=decision.aggregation),
            said("Use one of %(names)s.", names=", ".join(AGGREGATIONS)),
            "hit-policy",
        )
    for column in decision.inputs:
        if not column.expression:
            refuse(
                said("The input “%(label)s” has no expression.", label=column.label),
                said("Set it, for example to the name of a variable."),
                "dmn",
            )
        _check_expression(column.expression, decision.id, refuse)
    outputs = [output.name for output in decision.outputs]
    if len(outputs) > 1 and (len(set(outputs)) < len(outputs) or "" in outputs):
        refuse(
            said("Output columns share a name or have none."),
            said("Give each its own name."),
            "dmn",
        )
    for output in decision.outputs:
        _check_expression(output.default or "", decision.id, refuse)
        _check_expression(f"[{output.values}]", decision.id, refuse)
    for number, rule in enumerate(decision.rules, start=1):
        if len(rule.tests) != len(decision.inputs) or len(rule.results) != len(decision.outputs):
            refuse(
                said("Row %(number)s has missing cells.", number=number),
                said("Fill the row."),
                "dmn",
                rule.id,
            )
        for cell in rule.tests:
            if cell and cell != "-":
                try:
                    check_unary_test(cell)
                except FeelError as error:
                    refuse(
                        said("Row %(number)s: %(reason)s", number=number, reason=told(error)),
                        said("Mend the cell."),
                        "feel",
                        rule.id,
                    )
        for cell in rule.results:
            _check_expression(cell, rule.id, refuse)
    return found


def _check_expression(expression: str, place: str, refuse: Callable[..., None]) -> None:
    if not expression:
        return
    try:
        check(expression)
    except FeelError as error:
        refuse(told(error), said("Mend the expression."), "feel", place)


def decide(
    decision_id: str,
    decisions: Mapping[str, Decision],
    context: Mapping[str, object],
    calendar: WorkingCalendar | None = None,
    hits: dict[str, Hit] | None = None,
) -> object:
    """Evaluate a decision and the decisions that it requires.

    Args:
        decision_id: the id as the diagram names it.
        decisions: all decisions of the bundle by id.
        context: the variables.
        calendar: for FEEL's functions on working days.
        hits: gets for each decision, the required ones first, why it gave what it gave.

    Returns:
        One value for one output column, a context for several, a list of either for the hit
        policies RULE ORDER, OUTPUT ORDER and COLLECT, None when no row matches.

    Raises:
        RuleFailed: for an unknown decision, a failing cell, or rows that contradict the hit policy.
    """
    known: dict[str, object] = {}

    def work_out(identifier: str) -> object:
        decision = decisions.get(identifier)
        if decision is None:
            raise RuleFailed(identifier, None, "The decision does not exist.")
        seen = dict(context)
        for required in decision.requires:
            if required not in known:
                known[required] = work_out(required)
            seen[required] = seen[decisions[required].name] = known[required]
        try:
            if decision.expression is not None:
                gave = evaluate(decision.expression, seen, calendar=calendar)
                hit = Hit((), reads(decision.expression, seen), gave)
            else:
                hit = _table(decision, seen, calendar)
        except FeelError as error:
            raise RuleFailed(decision.id, decision.name, told(error)) from error
        if hits is not None:
            hits[identifier] = hit
        return hit.gave

    return work_out(decision_id)


def _table(
    decision: Decision, context: Mapping[str, object], calendar: WorkingCalendar | None
) -> Hit:
    values = [evaluate(column.expression, context, calendar=calendar) for column in decision.inputs]
    first_only = decision.hit_policy == "FIRST"
    matches: list[object] = []
    numbers: list[int] = []
    for number, rule in enumerate(decision.rules, start=1):
        if all(
            not cell
            or cell == "-"
            or unary_test(cell, value, context, calendar=calendar, type_ref=column.type_ref)
            for cell, value, column in zip(rule.tests, values, decision.inputs, strict=True)
        ):
            matches.append(_result(decision, rule, context, calendar))
            numbers.append(number)
            if first_only:
                break
    inputs = {
        column.expression: value for column, value in zip(decision.inputs, values, strict=True)
    }
    return Hit(tuple(numbers), inputs, _gave(decision, matches, context))


def _result(
    decision: Decision,
    rule: Rule,
    context: Mapping[str, object],
    calendar: WorkingCalendar | None,
) -> object:
    results = [
        evaluate(cell, context, calendar=calendar) if cell else None for cell in rule.results
    ]
    if len(results) == 1:
        return results[0]
    return {output.name: result for output, result in zip(decision.outputs, results, strict=True)}


def _gave(decision: Decision, matches: list[object], context: Mapping[str, object]) -> object:
    policy = decision.hit_policy
    if policy == "COLLECT" and decision.aggregation:
        return _aggregate(decision, matches)
    if policy in {"COLLECT", "RULE ORDER"}:
        return matches
    if policy == "OUTPUT ORDER":
        return _by_priority(decision, matches, context)
    if not matches:
        return _default(decision, context)
    if policy == "PRIORITY":
        return _by_priority(decision, matches, context)[0]
    if policy == "ANY" and len({_written(match) for match in matches}) > 1:
        raise RuleFailed(
            decision.id, decision.name, "Several rows match with different results (ANY)."
        )
    if policy == "UNIQUE" and len(matches) > 1:
        raise RuleFailed(
            decision.id, decision.name, f"{len(matches)} rows match, only one may (UNIQUE)."
        )
    return matches[0]


def _written(result: object) -> bytes:
    """As JSON, in which true is not 1."""
    return orjson.dumps(result, option=orjson.OPT_SORT_KEYS)


def _aggregate(decision: Decision, matches: list[object]) -> object:
    if decision.aggregation == "COUNT":
        return len(matches)
    numbers = [
        match for match in matches if isinstance(match, int | float) and not isinstance(match, bool)
    ]
    if len(numbers) != len(matches):
        raise RuleFailed(decision.id, decision.name, "Only numbers can be aggregated.")
    return AGGREGATIONS[decision.aggregation or "SUM"](numbers) if numbers else None


def _by_priority(
    decision: Decision, matches: list[object], context: Mapping[str, object]
) -> list[object]:
    ranks = [evaluate(f"[{output.values}]", context) for output in decision.outputs]

    def rank(match: object) -> list[int]:
        cells = list(match.values()) if isinstance(match, dict) else [match]
        return [
            order.index(cell) if cell in order else len(order)
            for order, cell in zip(ranks, cells, strict=True)
        ]

    return sorted(matches, key=rank)


def _default(decision: Decision, context: Mapping[str, object]) -> object:
    defaults = [
        evaluate(output.default, context) if output.default else None for output in decision.outputs
    ]
    if all(default is None for default in defaults):
        return None
    if len(defaults) == 1:
        return defaults[0]
    return {
        output.name: default for output, default in zip(decision.outputs, defaults, strict=True)
    }
