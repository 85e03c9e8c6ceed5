"""Words of bottlenecks and paths: causes of waiting, columns, what is told in a sentence."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import Session

from broker_crm.analysis.answers import Row
from broker_crm.analysis.bottlenecks.conformance import Conformance
from broker_crm.analysis.bottlenecks.finding import Bottlenecks
from broker_crm.analysis.bottlenecks.paths import END, START
from broker_crm.analysis.bottlenecks.ranking import LEAST
from broker_crm.definitions.published import compiled
from broker_crm.web import names
from broker_crm.web.answers import figures, labels, steps
from broker_crm.web.answers.sentences.telling import sentence
from broker_crm.web.wording import Words, word

CAUSE: Words = {
    "busy": _l("Busy with other work"),
    "later_first": _l("Later work done first"),
    "absent": _l("Away"),
    "client": _l("Client awaited"),
    "insurer": _l("Insurer awaited"),
    "pause": _l("Paused"),
    "rework": _l("Done over again"),
    "nobody": _l("Nobody had taken it"),
    "rest": _l("Lay though people were free"),
}
BECAUSE: Words = {
    "busy": _l("those who do it are busy with other work"),
    "later_first": _l("work that came in later is done first"),
    "absent": _l("those who do it are away"),
    "client": _l("the client is waited for"),
    "insurer": _l("the insurer is waited for"),
    "pause": _l("it is paused"),
    "rework": _l("it is done over again"),
    "nobody": _l("nobody has taken it"),
    "rest": _l("it lies though those who do it are free"),
}
WHOM: Words = {
    "colleague": _l("A colleague"),
    "approver": _l("An approval"),
    "client": _l("The client"),
    "insurer": _l("The insurer"),
}
COLUMN: Words = {
    "key": _l("Step"),
    "person": _l("Person"),
    "lane": _l("Role"),
    "n": _l("Times done"),
    "wait": _l("Waits each time"),
    "to_start": _l("Until started"),
    "work": _l("Worked on"),
    "per_case": _l("Waits in a case"),
    "share": _l("Of a case's time"),
    "variance_share": _l("Of the differences of time"),
    "late_share": _l("Of all lateness"),
    "money": _l("Costs a month"),
    "leading": _l("First or second"),
    "rank": _l("Place, 95 of 100"),
    "open": _l("Open now"),
    "whom": _l("Waits for"),
    "cause": _l("Mostly"),
    "cases": _l("Cases"),
    "median": _l("Half within"),
    "ninth": _l("Nine of ten within"),
    "won": _l("Bought"),
    "steps": _l("Steps"),
    "source": _l("From"),
    "target": _l("To"),
    "utilisation": _l("Used"),
    "hours": _l("Hours worked"),
    "queue": _l("Queue now"),
    "longest": _l("Longest"),
    "arrived": _l("Came in"),
    "done": _l("Done"),
}
MEASURE: Words = {
    "waiting": _l("Waiting"),
    "lateness": _l("Lateness"),
    "money": _l("Money"),
    "variance": _l("Differences of time"),
}
HOW: Words = {
    "unexpected": _l("Done when the diagram did not allow it"),
    "unknown": _l("The diagram has no such step"),
    "unfinished": _l("Ended where the diagram goes on"),
}
CASE: Words = {
    "client": _l("Client"),
    "how": _l("How it left"),
    "element": _l("Where"),
    "after": _l("After"),
    "version": _l("Version"),
    "address": _l("Address"),
    "steered": _l("Steered"),
}
KIND: Words = {
    "timer-fired": _l("A date or an interval in the diagram"),
    "message-received": _l("A message"),
    "": _l("Not told by the columns"),
}
COUNTED_WAITS = _l(
    "Cases that ended in the period. The life of a case is divided among its steps: each working "
    "second belongs to one open step (of several, to the one that ends last), and waiting is what "
    "is not work. Each second of waiting has one cause, the first that fits: a pause, work done "
    "over again, nobody held it, whoever did it worked on something that came in later, or on "
    "something else, was away, or waited for client or insurer; the rest lay although its person "
    "was free. A step is called a bottleneck only if it is first or second in 80 of 100 "
    "resamplings of the cases, at least 30 cases waited there, and it takes surely more than its "
    "even share."
)
SOURCE_WAITS = (
    "Lashkevich, Milani, Chapela-Campa, Suvorau, Dumas (2023), arXiv 2212.01392; "
    "Cov(X, T) / Var(T); Efron & Tibshirani (1993)"
)
COUNTED_PATHS = _l(
    "Cases that ended in the period. A path is the sequence of completed steps in the order in "
    "which they were completed; with loops collapsed, each step counts where it was reached first. "
    "Whether a path fits is found by following it through the diagram of the version that the case "
    "has now, with every way that gateways, timers and messages may take."
)


def step(session: Session, key: str, process: str) -> str:
    """A step, or where paths begin and end, in words."""
    if key == START:
        return _("Beginning")
    if key == END:
        return _("End")
    return labels.label(session, "step", key, process)


def lane(session: Session, key: str | None, process: str) -> str:
    """A lane in the visitor's language."""
    if not key:
        return _("Not stated")
    version = steps.latest(session).get(process)
    return names.name(session, version.id, key) if version else key


def element(session: Session, key: str | None, process: str) -> str:
    """Any element of the newest diagram that has it, in words."""
    if not key:
        return word(KIND, "")
    for version in steps.versions(session):
        if version.process_key == process:
            told = element_names(session, version.id).get(key)
            if told:
                return told
    return key


def element_names(session: Session, version_id: int) -> dict[str, str]:
    """Names of the elements of a version by id."""
    return {
        each.id: names.name(session, version_id, each.name)
        for each in compiled(session, version_id).elements.values()
        if each.name
    }


def cause(session: Session, row: Row, process: str) -> str:
    """Why cases wait at a step, with whose step it is."""
    told = word(BECAUSE, row["cause"])
    if row["cause"] in ("busy", "absent", "rest", "later_first", "nobody") and row.get("lane"):
        return f"{told} ({lane(session, row['lane'], process)})"
    return told


def bottleneck(session: Session, found: Bottlenecks) -> list[str]:
    """The answer in sentences."""
    if found.part is None or not found.cases:
        return [_("No case ended in this period, so there is nothing to judge by yet.")]
    process = str(found.part.process)
    if not found.rows or not found.rows[0]["per_case"]:
        return [_("Cases waited at no step in this period.")]
    first = found.rows[0]
    told = [_first(session, found, first, process)]
    others = [row for row in found.rows[1:] if row["bottleneck"]]
    if others:
        told.append(
            _(
                "The other bottleneck is “%(step)s”: %(wait)s",
                step=step(session, others[0]["key"], process),
                wait=figures.figure(others[0]["per_case"], "days"),
            )
        )
    differs = max(found.rows, key=lambda row: float(row["variance_share"]))
    if differs["key"] != first["key"] and differs["variance_share"] > 0:
        told.append(
            _(
                "What a case takes is made uncertain most by “%(step)s”: %(share)s of the"
                " differences.",
                step=step(session, differs["key"], process),
                share=figures.figure(differs["variance_share"], "share"),
            )
        )
    if found.open:
        told.append(
            ngettext(
                "%(count)s case is still running and not counted.",
                "%(count)s cases are still running and not counted.",
                found.open,
                count=figures.number(found.open),
            )
        )
    if found.only_ends:
        told.append(_("Nobody noted when steps were started, so work can't be told from waiting."))
    return [sentence(each) for each in told]


def _first(session: Session, found: Bottlenecks, first: Row, process: str) -> str:
    values: dict[str, Any] = {
        "step": step(session, first["key"], process),
        "wait": figures.number(first["per_case"], 1),
        "days": figures.figure(found.days, "days"),
        "share": figures.figure(first["share"], "share"),
        "cause": cause(session, first, process),
        "leading": round(100 * first["leading"]),
    }
    if first["bottleneck"]:
        return _(
            "Cases wait longest for “%(step)s”: %(wait)s of %(days)s (%(share)s), mostly because"
            " %(cause)s; in %(leading)s of 100 resamplings it is first or second.",
            **values,
        )
    if first["n"] < LEAST or found.cases < LEAST:
        return _(
            "Too few cases to call a step a bottleneck: so far they wait longest for “%(step)s”,"
            " %(wait)s of %(days)s (%(share)s), mostly because %(cause)s.",
            **values,
        )
    return _(
        "No step stands out surely: cases wait longest for “%(step)s”, %(wait)s of %(days)s"
        " (%(share)s), mostly because %(cause)s, and in %(leading)s of 100 resamplings it is first"
        " or second.",
        **values,
    )


def conforming(found: Conformance) -> list[str]:
    """How many cases went as the diagram allows, in sentences."""
    if not found.cases:
        return [_("There is no diagram to follow these cases through.")]
    told = [
        ngettext(
            "%(fitting)s of %(count)s case (%(share)s) went as the diagram of its version allows.",
            "%(fitting)s of %(count)s cases (%(share)s) went as the diagram of their version"
            " allows.",
            found.cases,
            fitting=figures.number(found.fitting),
            count=figures.number(found.cases),
            share=figures.figure(found.fitting / found.cases, "share"),
        )
    ]
    if found.moved:
        told.append(
            _(
                "Moved to another step by hand: %(count)s, of which %(fitting)s fit all the same.",
                count=figures.number(found.moved),
                fitting=figures.number(found.moved_fitting),
            )
        )
    if found.migrated:
        told.append(
            _(
                "Migrated to another version: %(count)s, of which %(fitting)s fit its diagram.",
                count=figures.number(found.migrated),
                fitting=figures.number(found.migrated_fitting),
            )
        )
    if found.untold:
        told.append(
            _("Not followed, for want of a diagram: %(count)s.", count=figures.number(found.untold))
        )
    return told
