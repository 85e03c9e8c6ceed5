"""Compares the decision tables of two versions: columns, and rows in the words of their columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from broker_crm.definitions.comparison.changes import (
    Change,
    ChangeKind,
    Detail,
    Subject,
    details,
    out_of_order,
)
from broker_crm.engine.decisions import Decision, Rule, read_decisions


def compare_tables(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[Change]:
    """Changes of decisions and of their rows.

    Args:
        before: DMN files by name.
        after: the same of the other version.
    """
    old, new = _decisions(before), _decisions(after)
    for key in dict.fromkeys([*new, *old]):
        if key not in old or key not in new:
            kind = ChangeKind.ADDED if key not in old else ChangeKind.REMOVED
            yield Change(kind, Subject.DECISION, key, (new.get(key) or old[key]).name)
            continue
        found = details(_head(old[key]), _head(new[key]))
        if found:
            yield Change(ChangeKind.CHANGED, Subject.DECISION, key, new[key].name, details=found)
        yield from _rows(old[key], new[key])


def _decisions(files: Mapping[str, bytes]) -> dict[str, Decision]:
    found: dict[str, Decision] = {}
    for name, content in sorted(files.items()):
        found |= read_decisions(content, name)[0]
    return found


def _head(decision: Decision) -> dict[str, str | None]:
    return {
        "name": decision.name,
        "hitPolicy": f"{decision.hit_policy} {decision.aggregation or ''}".strip(),
        "expression": decision.expression,
        "requires": ", ".join(decision.requires) or None,
        **{
            f"input {number} {each.label or each.expression}": each.expression
            for number, each in enumerate(decision.inputs, start=1)
        },
        **{
            f"output {each.name}": ", ".join(filter(None, (each.values, each.default)))
            for each in decision.outputs
        },
    }


def _rows(old: Decision, new: Decision) -> Iterator[Change]:
    before = {_key(rule, number): rule for number, rule in enumerate(old.rules, start=1)}
    after = {_key(rule, number): rule for number, rule in enumerate(new.rules, start=1)}
    moved = out_of_order(list(before), list(after))
    numbers = {key: str(number) for number, key in enumerate(after, start=1)}
    for key in dict.fromkeys([*after, *before]):
        if key not in before or key not in after:
            kind = ChangeKind.ADDED if key not in before else ChangeKind.REMOVED
            cells = details(
                _cells(old, before[key]) if key in before else {},
                _cells(new, after[key]) if key in after else {},
            )
            yield _row(kind, new, key, numbers.get(key, ""), cells)
            continue
        cells = details(_cells(old, before[key]), _cells(new, after[key]))
        if cells:
            yield _row(ChangeKind.CHANGED, new, key, numbers[key], cells)
        elif key in moved:
            yield _row(ChangeKind.MOVED, new, key, numbers[key], ())


def _row(
    kind: ChangeKind, decision: Decision, key: str, number: str, cells: tuple[Detail, ...]
) -> Change:
    return Change(kind, Subject.RULE, key, number, "", decision.id, cells)


def _key(rule: Rule, number: int) -> str:
    return rule.id or f"row {number}"


def _cells(decision: Decision, rule: Rule) -> dict[str, str | None]:
    inputs = [each.label or each.expression for each in decision.inputs]
    outputs = [each.name for each in decision.outputs]
    return {
        **dict(zip(inputs, (cell or "-" for cell in rule.tests), strict=False)),
        **dict(zip(outputs, rule.results, strict=False)),
    }
