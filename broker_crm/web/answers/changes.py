"""How a figure has changed since the period before, in words: an arrow, by how much, from what."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from broker_crm.analysis.answers import Answer
from broker_crm.web.answers import figures

UP, DOWN, SAME = "↑", "↓", "→"
BETTER_WHEN_MORE = frozenset({"Q3", "Q5", "Q11", "Q12"})
BETTER_WHEN_LESS = frozenset({"Q2", "Q6", "Q8", "Q9", "Q10", "Q13"})
SHOWN_AS = {"share": ("points", 100.0)}
"""Unit of a difference and what it is multiplied by, where it is not the figure's own."""


def since_the_week_before(now: Answer, before: Answer) -> str:
    """By how much a figure is more or less than in the week before; '' where nothing is known now.

    Whether that is better is said where the question has a good direction; that it may be chance,
    where the intervals of both weeks overlap.

    Args:
        now: the answer about the week.
        before: the answer to the same question about the week before it.
    """
    if now.value is None:
        return ""
    if before.value is None:
        return _("the week before there was nothing to compare with")
    then = figures.figure(before.value, before.unit)
    unit, times = SHOWN_AS.get(now.unit, (now.unit, 1.0))
    difference = figures.figure(abs(now.value - before.value) * times, unit)
    beside = {"then": then, "n": figures.number(before.n)}
    if then == figures.figure(now.value, now.unit):
        return f"{SAME} {_('as the week before: %(then)s (n = %(n)s)', **beside)}"
    more = now.value > before.value
    told = (
        _(
            "%(difference)s more than the week before: %(then)s (n = %(n)s)",
            difference=difference,
            **beside,
        )
        if more
        else _(
            "%(difference)s less than the week before: %(then)s (n = %(n)s)",
            difference=difference,
            **beside,
        )
    )
    parts = [f"{UP if more else DOWN} {told}"]
    if now.id in BETTER_WHEN_MORE | BETTER_WHEN_LESS:
        better = more == (now.id in BETTER_WHEN_MORE)
        parts.append(_("better") if better else _("worse"))
    if _overlap(now.interval, before.interval):
        parts.append(_("may be chance"))
    return ", ".join(parts)


def _overlap(one: Sequence[float | None] | None, other: Sequence[float | None] | None) -> bool:
    if one is None or other is None:
        return False
    (low, high), (lower, higher) = one, other
    apart = (high is not None and lower is not None and high < lower) or (
        low is not None and higher is not None and higher < low
    )
    return not apart
