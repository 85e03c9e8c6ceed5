"""An experiment in one sentence: what is known of it, what not yet."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import ngettext

from broker_crm.analysis.experiments import Brief, Report
from broker_crm.analysis.experiments.effect import Verdict
from broker_crm.analysis.experiments.report import better
from broker_crm.process.experiments import Experiment, ExperimentLook, State
from broker_crm.web.answers import figures


def difference(value: float | None, unit: str) -> str:
    """A difference with its unit: shares in percentage points."""
    if value is None:
        return figures.NOTHING
    return figures.figure(100 * value, "points") if unit == "share" else figures.figure(value, unit)


def interval(limits: Sequence[float | None], unit: str) -> str:
    """Limits of a difference, such as “1 to 11”; empty where there are none."""
    low, high = limits
    if low is None or high is None:
        return ""
    scale = 100 if unit == "share" else 1
    return _(
        "%(low)s to %(high)s",
        low=figures.number(low * scale, 1),
        high=figures.number(high * scale, 1),
    )


def verdict(experiment: Experiment, report: Brief | Report, unit: str) -> str:
    """The sentence on top of an experiment."""
    look = report.looks[-1] if report.looks else None
    if look is None or look.verdict in (Verdict.GO_ON, Verdict.TOO_FEW):
        return _nothing_yet(experiment, report, look)
    return of_look(experiment, look, unit)


def of_look(experiment: Experiment, look: ExperimentLook, unit: str) -> str:
    """What a look with a verdict says."""
    sign = better(experiment)
    told = look.difference or 0.0
    limits = sorted(sign * each for each in (look.low or 0.0, look.high or 0.0))
    if look.verdict == Verdict.B_BETTER:
        return _(
            "B is better by %(size)s (%(limits)s).",
            size=difference(abs(told), unit),
            limits=interval(limits, unit),
        )
    if look.verdict in (Verdict.B_WORSE, Verdict.HARM):
        worse = sorted(-each for each in limits)
        return _(
            "B is worse by %(size)s (%(limits)s).",
            size=difference(abs(told), unit),
            limits=interval(worse, unit),
        )
    if look.verdict == Verdict.NO_DIFFERENCE:
        return _(
            "No difference of the size sought: B less A is %(size)s (%(limits)s).",
            size=difference(told, unit),
            limits=interval((look.low, look.high), unit),
        )
    return _(
        "Neither shown nor ruled out: B less A is %(size)s (%(limits)s).",
        size=difference(told, unit),
        limits=interval((look.low, look.high), unit),
    )


def _nothing_yet(
    experiment: Experiment, report: Brief | Report, look: ExperimentLook | None
) -> str:
    if experiment.state == State.DRAFT:
        return ngettext(
            "Not started: %(num)s case is needed.",
            "Not started: %(num)s cases are needed.",
            experiment.needed,
        )
    if look is not None and look.is_last:
        return _("Too few cases to say anything: %(n)s.", n=report.cases)
    if experiment.state == State.ENDED:
        return _(
            "Ended before its first planned look, with %(n)s of %(needed)s cases.",
            n=report.cases,
            needed=experiment.needed,
        )
    return _("Too early: %(n)s of %(needed)s cases.", n=report.cases, needed=experiment.needed)
