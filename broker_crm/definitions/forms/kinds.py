"""What kind of JSON each attribute of a form's field is, wherever something relies on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS: Mapping[str, type] = {
    "type": str,
    "id": str,
    "key": str,
    "path": str,
    "label": str,
    "dateLabel": str,
    "subtype": str,
    "validate": dict,
    "conditional": dict,
    "components": list,
    "values": list,
    "valuesKey": str,
    "valuesExpression": str,
    "expression": str,
    "appearance": dict,
    "layout": dict,
    "properties": dict,
}


def of_another_kind(component: Mapping[str, Any]) -> str | None:
    """The first attribute that is of another kind than form-js writes; None when all are right.

    Args:
        component: one field or container as its file says it; absent and null attributes are right.
    """
    for name, kind in KINDS.items():
        value = component.get(name)
        if value is not None and not isinstance(value, kind):
            return name
    return None
