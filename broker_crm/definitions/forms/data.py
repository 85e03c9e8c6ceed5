"""Values inside nested data by their path."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from broker_crm.definitions.forms.model import Path


def get(data: Any, path: Path) -> Any:
    """The value at the path; None where there is none."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def put(data: dict[str, Any], path: Path, value: object) -> None:
    """Set the value at the path, making the objects and rows that lead there."""
    target: Any = data
    for step, following in pairwise(path):
        made: Any = [] if isinstance(following, int) else {}
        if isinstance(target, list):
            assert isinstance(step, int)
            target.extend({} for _ in range(step + 1 - len(target)))
            if not isinstance(target[step], type(made)):
                target[step] = made
        elif not isinstance(target.get(step), type(made)):
            target[step] = made
        target = target[step]
    target[path[-1]] = value


def clear(data: dict[str, Any], path: Path) -> None:
    """Take the value at the path away, and what is then empty around it."""
    while path:
        above = get(data, path[:-1])
        if isinstance(above, dict):
            above.pop(str(path[-1]), None)
        elif isinstance(above, list) and isinstance(path[-1], int) and path[-1] < len(above):
            above[path[-1]] = None
        path = path[:-1]
        left = get(data, path)
        emptied = left == {} or (isinstance(left, list) and all(row is None for row in left))
        if not emptied:
            return
