"""The comparison in a sentence that a manager can repeat."""

from __future__ import annotations

from flask_babel import gettext as _

from broker_crm.analysis.comparison import Comparison, Figure, Verdict
from broker_crm.analysis.comparison.gates import FEW, clear
from broker_crm.web.analyse.comparison.wording import needed, size, sizes
from broker_crm.web.answers.figures import number
from broker_crm.web.answers.sentences.telling import sentence

TIMES = ("contract-time", "offer-time", "meeting-time")
SAID = (Verdict.BETTER, Verdict.WORSE)


def headline(made: Comparison, names: tuple[str, str], steps: dict[str, str]) -> str:
    """What differs, by how much, and what is not shown yet.

    Args:
        made: the comparison.
        names: of the earlier and the later side.
        steps: element to the name of the step.
    """
    before, after = names
    counts = [each.cases for each in made.counted]
    if min(counts) < FEW:
        return _(
            "%(after)s and %(before)s: too few cases to say anything, %(n_b)s and %(n_a)s;"
            " at least %(few)s of each are needed.",
            after=after,
            before=before,
            n_b=number(counts[1]),
            n_a=number(counts[0]),
            few=FEW,
        )
    parts = [part for part in (_times(made), _surest_step(made, steps), _won(made)) if part]
    return sentence(
        _(
            "%(after)s against %(before)s: %(told)s",
            after=after,
            before=before,
            told="; ".join(parts) or _("no difference is shown"),
        )
    )


def _times(made: Comparison) -> str:
    """The time of the whole case whose difference is surest."""
    told = [
        each
        for each in (made.figure(name) for name in TIMES)
        if each is not None and each.verdict in SAID
    ]
    return _said(_surest(told), {}) if told else ""


def _surest_step(made: Comparison, steps: dict[str, str]) -> str:
    """The step whose difference is surest; that none is shown, where none is said at all."""
    told = [each for each in made.figures if each.verdict in SAID and each.element is not None]
    if told:
        return _said(_surest(told), steps)
    if made.tested and not any(each.verdict in SAID for each in made.figures):
        return _("no difference is shown in how long anything takes")
    return ""


def _surest(told: list[Figure]) -> Figure:
    """What follows from another measure comes after it."""
    return min(
        told,
        key=lambda each: (
            each.interval is None or not clear(each.interval),
            each.told.weight < 1,
            each.q or 0.0,
        ),
    )


def _said(told: Figure, steps: dict[str, str]) -> str:
    assert told.difference is not None and told.interval is not None
    words = {
        "what": _what(told, steps),
        "size": size(told.difference, told.told.unit),
        "interval": sizes(told.interval, told.told.unit),
        "n_b": number(told.b.n),
        "n_a": number(told.a.n),
    }
    less = told.difference < 0
    if told.told.unit == "days":
        return (
            _("%(what)s is shorter by %(size)s (%(interval)s; %(n_b)s and %(n_a)s cases)", **words)
            if less
            else _(
                "%(what)s is longer by %(size)s (%(interval)s; %(n_b)s and %(n_a)s cases)", **words
            )
        )
    return (
        _("%(what)s is lower by %(size)s (%(interval)s; %(n_b)s and %(n_a)s cases)", **words)
        if less
        else _("%(what)s is higher by %(size)s (%(interval)s; %(n_b)s and %(n_a)s cases)", **words)
    )


def _what(told: Figure, steps: dict[str, str]) -> str:
    step = steps.get(told.element or "", told.element or "")
    return {
        "contract-time": _("the time to the contract"),
        "offer-time": _("the time to the offer"),
        "meeting-time": _("the time to the meeting"),
        "cycle": _("the time to the end"),
        "case-cost": _("the cost of a case"),
        "contract": _("the share who bought"),
        "meeting": _("the share who met"),
        "offer": _("the share who got an offer"),
        "waiting": _("waiting before “%(step)s”", step=step),
        "processing": _("working on “%(step)s”", step=step),
        "total": _("the time of “%(step)s”", step=step),
        "late": _("the share of late at “%(step)s”", step=step),
        "cost": _("the cost of “%(step)s”", step=step),
        "repeated": _("the share of repeated at “%(step)s”", step=step),
        "conversion": _("the share that ends well at “%(step)s”", step=step),
        "reach": _("the share that comes to “%(step)s”", step=step),
    }[told.measure]


def _won(made: Comparison) -> str:
    told = made.figure("contract")
    if told is None:
        return ""
    if told.verdict in SAID:
        return _said(told, {})
    if told.verdict is Verdict.MIX:
        return _("the difference in the share who bought is explained by the mix of segments")
    more = needed(told)
    return (
        _("no difference is shown in the share who bought, %(more)s", more=more)
        if more
        else _("no difference is shown in the share who bought")
    )
