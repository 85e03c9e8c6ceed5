"""Compares the forms of two versions: fields by their keys, with labels, rules and order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from broker_crm.definitions.comparison.changes import (
    Change,
    ChangeKind,
    Subject,
    details,
    out_of_order,
)

IGNORED = frozenset({"id", "layout", "properties", "components"})
"""Of a component: what says nothing about its work."""
NESTED = ("validate", "conditional", "appearance")


def compare_forms(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[Change]:
    """Changes of forms and of their fields.

    Args:
        before: forms by id.
        after: the same of the other version.
    """
    for key in dict.fromkeys([*after, *before]):
        if key not in before or key not in after:
            kind = ChangeKind.ADDED if key not in before else ChangeKind.REMOVED
            yield Change(kind, Subject.FORM, key, _title(after.get(key) or before[key]))
        elif before[key] != after[key]:
            yield from _fields(key, _components(before[key]), _components(after[key]))


def _title(content: bytes) -> str:
    return str(json.loads(content).get("title") or "")


def _components(content: bytes) -> dict[str, dict[str, Any]]:
    """Components in order, by key, or by id where they have none; containers before contents."""
    found: dict[str, dict[str, Any]] = {}
    waiting = list(json.loads(content).get("components") or [])
    while waiting:
        component = waiting.pop(0)
        waiting[:0] = component.get("components") or []
        name = component.get("key") or component.get("path") or component.get("id") or ""
        found[_free(str(name), found)] = component
    return found


def _free(name: str, taken: Mapping[str, object]) -> str:
    number, wanted = 2, name
    while wanted in taken:
        wanted, number = f"{name} ({number})", number + 1
    return wanted


def _fields(
    form: str, before: Mapping[str, dict[str, Any]], after: Mapping[str, dict[str, Any]]
) -> Iterator[Change]:
    moved = out_of_order(list(before), list(after))
    for key in dict.fromkeys([*after, *before]):
        old, new = before.get(key), after.get(key)
        shown = new or old or {}
        name, sort = str(shown.get("label") or shown.get("text") or ""), str(shown.get("type", ""))
        if old is None or new is None:
            kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED
            yield Change(kind, Subject.FIELD, key, name, sort, form)
            continue
        found = details(_said(old), _said(new))
        if found:
            yield Change(ChangeKind.CHANGED, Subject.FIELD, key, name, sort, form, found)
        elif key in moved:
            yield Change(ChangeKind.MOVED, Subject.FIELD, key, name, sort, form)


def _said(component: Mapping[str, Any]) -> dict[str, str | None]:
    flat: dict[str, str | None] = {}
    for key, value in component.items():
        if key in IGNORED:
            continue
        if key in NESTED and isinstance(value, dict):
            flat |= {f"{key}.{inner}": _word(each) for inner, each in value.items()}
        elif key == "values" and isinstance(value, list):
            flat |= {
                f"option {each.get('value')}": _word(each.get("label"))
                for each in value
                if isinstance(each, dict)
            }
        else:
            flat[key] = _word(value)
    return flat


def _word(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
