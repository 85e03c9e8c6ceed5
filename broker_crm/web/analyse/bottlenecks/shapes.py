"""Pictures of waiting as shapes: causes as a bar, queues and utilisation over time.

Coordinates are computed here and drawn as SVG by the templates, without scripts or styles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from broker_crm.analysis.bottlenecks.waits import CAUSES
from broker_crm.web.analyse.bottlenecks.words import CAUSE
from broker_crm.web.answers import figures
from broker_crm.web.wording import word

BAR = 180
"""Width of the bar of the longest waiting."""
SERIES = (300, 60)
"""Width and height of a small picture over time."""
EDGE = 4


def causes(row: Mapping[str, Any], longest: float) -> list[dict[str, Any]]:
    """The causes of a row's waiting as parts of a bar; the longest bar has the whole width."""
    if longest <= 0:
        return []
    found, x = [], 0.0
    for cause in CAUSES:
        width = BAR * row[cause] / longest
        if width >= 0.2:
            text = f"{word(CAUSE, cause)}: {figures.figure(row[cause], 'days')}"
            found.append({"x": round(x, 1), "width": round(width, 1), "cause": cause, "text": text})
        x += width
    return found


def series(values: Sequence[float | None], *, top: float | None = None) -> dict[str, Any]:
    """A line over time from 0 to the highest value, or to `top` where that is higher."""
    width, height = SERIES
    known = [each for each in values if each is not None]
    highest = max([*known, top or 0.0, 1e-9])

    def up(value: float) -> float:
        return round(height - EDGE - (height - 2 * EDGE) * value / highest, 1)

    step = (width - 2 * EDGE) / max(len(values) - 1, 1)
    points = [
        (round(EDGE + step * place, 1), up(each))
        for place, each in enumerate(values)
        if each is not None
    ]
    return {
        "line": " ".join(f"{x},{y}" for x, y in points),
        "last": points[-1] if points else None,
        "mark": up(top) if top is not None else None,
        "base": up(0.0),
    }
