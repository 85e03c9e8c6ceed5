"""The flow of paths as a picture: steps one below another, moves between them as arcs.

Steps stand in the order in which cases reach them on average. A move to the next step is a straight
line; one that leaps over steps goes round on the right, one back to an earlier step on the left.
Arcs are kept apart like lanes, so that the picture stays narrow enough for a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from broker_crm.analysis.answers import Row
from broker_crm.analysis.bottlenecks.paths import END, START
from broker_crm.web.answers import figures
from broker_crm.web.answers.heat import level

BOX = (210, 44)
ROW = 82
LANE = 17
SIDE = 26
MOST_MOVES = 40
"""Moves that are drawn, the most frequent ones; the table has them all."""
WIDEST = 7
LONGEST_NAME = 24


@dataclass(frozen=True, slots=True)
class Flow:
    """A picture ready to draw.

    Attributes:
        width: of the picture.
        height: likewise.
        boxes: `x`, `y`, `name`, `whole`, `told`, `heat` of each step.
        lines: `path`, `width`, `x`, `y`, `count`, `back`, `told` of each move.
        left_out: moves that are not drawn.
    """

    width: float
    height: float
    boxes: Sequence[dict[str, Any]]
    lines: Sequence[dict[str, Any]]
    left_out: int


def flow(steps: Sequence[Row], moves: Sequence[Row], name: Callable[[str], str]) -> Flow | None:
    """Lay the flow out.

    Args:
        steps: with `key`, `n`, `cases`, `median` and `place`.
        moves: with `source`, `target`, `n` and `median`, the most frequent first.
        name: words for a step.
    """
    if not steps:
        return None
    order = [START, *(row["key"] for row in steps), END]
    place = {key: each for each, key in enumerate(order)}
    drawn = [row for row in moves if row["source"] in place and row["target"] in place]
    drawn, left_out = drawn[:MOST_MOVES], len(moves) - len(drawn[:MOST_MOVES])
    most = max((row["n"] for row in drawn), default=1)
    right, left = _lanes(drawn, place, back=False), _lanes(drawn, place, back=True)
    x = SIDE + LANE * (max(left.values(), default=-1) + 1)
    lines = []
    for row in drawn:
        first, last = place[row["source"]], place[row["target"]]
        key = (row["source"], row["target"])
        if last == first + 1:
            path, at = _down(x, first)
        elif last > first:
            path, at = _round(x + BOX[0], first, last, 1, SIDE + LANE * right[key])
        else:
            path, at = _round(x, first, last, -1, SIDE - 8 + LANE * left[key])
        told = f"{name(row['source'])} → {name(row['target'])}: {figures.number(row['n'])}"
        told += f", {figures.figure(row['median'], 'days')}"
        lines.append(
            {
                "path": path,
                "width": round(1 + (WIDEST - 1) * row["n"] / most, 1),
                "x": at[0],
                "y": at[1],
                "count": figures.number(row["n"]),
                "back": last <= first,
                "told": told,
            }
        )
    longest = max((float(row["median"]) for row in steps), default=0.0)
    return Flow(
        round(x + BOX[0] + SIDE + LANE * (max(right.values(), default=-1) + 1) + 12, 1),
        ROW * (len(order) - 1) + BOX[1] + 12,
        [_box(x, each, row, name, longest) for each, row in enumerate(_with_ends(steps))],
        lines,
        left_out,
    )


def _with_ends(steps: Sequence[Row]) -> list[Row]:
    return [{"key": START, "median": None}, *steps, {"key": END, "median": None}]


def _box(
    x: float, place: int, row: Row, name: Callable[[str], str], longest: float
) -> dict[str, Any]:
    whole = name(row["key"])
    told = ""
    if row["median"] is not None:
        told = f"{figures.number(row['n'])} × {figures.figure(row['median'], 'days')}"
    short = whole if len(whole) <= LONGEST_NAME else f"{whole[: LONGEST_NAME - 1]}…"
    return {
        "x": x,
        "y": _top(place),
        "name": short,
        "whole": whole,
        "told": told,
        "heat": level(float(row["median"]), longest) if row["median"] else 0,
    }


def _top(place: int) -> float:
    return 6 + ROW * place


def _down(x: float, first: int) -> tuple[str, tuple[float, float]]:
    middle = x + BOX[0] / 2
    start, stop = _top(first) + BOX[1], _top(first + 1)
    return f"M{middle},{start} L{middle},{stop - 7}", (middle + 8, (start + stop) / 2 + 4)


def _round(
    edge: float, first: int, last: int, side: int, out: float
) -> tuple[str, tuple[float, float]]:
    """From the edge of one box round to that of another; a step to itself makes a small loop."""
    start, stop = _top(first) + BOX[1] * 0.7, _top(last) + BOX[1] * 0.3
    far, bend = edge + side * out, min(12.0, out)
    down = 1 if stop > start else -1
    near = far - side * bend
    path = (
        f"M{edge},{start} L{near},{start} Q{far},{start} {far},{start + down * bend}"
        f" L{far},{stop - down * bend} Q{far},{stop} {near},{stop} L{edge + side * 7},{stop}"
    )
    return path, (far, (start + stop) / 2)


def _lanes(moves: Sequence[Row], place: dict[str, int], *, back: bool) -> dict[Any, int]:
    """Lane of each arc on one side, so that none runs over another; short ones lie inside."""
    spans = []
    for row in moves:
        first, last = place[row["source"]], place[row["target"]]
        if (back and last <= first) or (not back and last > first + 1):
            spans.append((abs(last - first), min(first, last), max(first, last), row))
    taken: list[list[tuple[int, int]]] = []
    found = {}
    for _length, low, high, row in sorted(spans, key=lambda each: each[:3]):
        lane = next(
            (
                number
                for number, others in enumerate(taken)
                if all(high <= other_low or low >= other_high for other_low, other_high in others)
                and (low, high) not in others
            ),
            len(taken),
        )
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        found[row["source"], row["target"]] = lane
    return found
