"""What is simulated in words: changes, figures, warnings, refusals, the sentence on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from broker_crm.analysis.simulation.scenarios import Change
from broker_crm.web.answers import figures
from broker_crm.web.wording import Words, word

FIGURE: Words = {
    "cycle-median": _l("Half of the cases are over within"),
    "cycle-ninth": _l("Nine of ten cases are over within"),
    "to-meeting": _l("Half of those who meet have met within"),
    "to-offer": _l("Half of those who get an offer have it within"),
    "late-share": _l("Share of late steps"),
    "late-days": _l("Working days late, a step"),
    "won": _l("Share won"),
    "cases": _l("Cases a month"),
    "cost": _l("Cost of work a month"),
    "commission": _l("Commission a month"),
    "result": _l("Commission less cost a month"),
}
CHECKED: Words = {
    "cases": _l("Cases that began (not judged)"),
    "cycle-median": _l("Half of the cases were over within"),
    "cycle-ninth": _l("Nine of ten cases were over within"),
    "won": _l("Share won"),
    "wait-median": _l("half waited at most"),
    "wait-ninth": _l("nine of ten waited at most"),
}
CHECKED_UNIT = {"cases": "count", "won": "share"}
VERDICT: Words = {
    "accepted": _l("The model tells the past right"),
    "rejected": _l("The model does not reproduce history"),
    "too-few": _l("Too few closed cases to check the model"),
}
TONE = {"accepted": "good", "rejected": "late", "too-few": "today"}
STATUS: Words = {
    "waiting": _l("Waits for a worker"),
    "running": _l("Is being computed"),
    "done": _l("Done"),
    "failed": _l("Failed"),
}
STATUS_TONE = {"waiting": "today", "running": "today", "done": "good", "failed": "late"}
REFUSED: Words = {
    "unknown": _l("There is no such change."),
    "no-such-step": _l("The diagram has no such step."),
    "no-such-outcome": _l("The step has no such outcome."),
    "no-such-gateway": _l("The diagram has no such gateway or flow."),
    "decided": _l("This gateway follows from outcomes of steps; change the outcome instead."),
    "no-such-person": _l("Nobody of this login works on the process."),
    "no-such-group": _l("No such group works on the process."),
    "number": _l("The number can't be read or is out of bounds."),
    "too-many": _l("These are too many changes at once."),
    "replications": _l("The number of simulated quarters must be from 5 to 400."),
}
GROUP: Words = {
    "salesperson": _l("Salespeople"),
    "assistant": _l("Assistants"),
    "product-manager": _l("Product managers"),
    "sales-manager": _l("Sales managers"),
    "compliance": _l("Compliance"),
    "complaints-handler": _l("Complaints handlers"),
    "marketing": _l("Marketing"),
}


def change(told: Change, names: Mapping[str, str]) -> str:
    """One change as people say it.

    Args:
        told: the change.
        names: of steps, outcomes ('step:outcome'), gateways, flows and people.
    """
    place = names.get(told.place, told.place)
    value = told.value or 0.0
    number = figures.number(value, 2)
    if told.kind == "standard":
        return _("%(step)s: standard %(days)s w. d.", step=place, days=number)
    if told.kind == "wait":
        return _("%(step)s: waits × %(times)s", step=place, times=number)
    if told.kind == "work":
        return _("%(step)s: work × %(times)s", step=place, times=number)
    if told.kind == "on-time":
        return _("%(step)s: never begun later than its standard", step=place)
    if told.kind in ("outcome", "flow"):
        name = names.get(f"{told.place}:{told.name}", told.name)
        if told.moves:
            points = figures.number(100 * value, 1)
            sign = "+" if value > 0 else ""
            return _(
                "%(step)s: “%(name)s” %(points)s pp",
                step=place,
                name=name,
                points=f"{sign}{points}",
            )
        share = figures.figure(value, "share")
        return _("%(step)s: “%(name)s” in %(share)s", step=place, name=name, share=share)
    if told.kind == "add":
        return _("%(group)s: %(number)s more", group=word(GROUP, told.place), number=number)
    if told.kind == "without":
        return _("Without %(person)s", person=place)
    if told.kind == "arrivals":
        return _("Cases that begin × %(times)s", times=number)
    if told.kind == "version":
        return _("Version %(number)s of the diagram", number=number)
    return _("The designers' draft of the diagram")


def refused(code: str) -> str:
    """Why a change can't be tried."""
    return word(REFUSED, code)


def problem(told: str) -> str:
    """Why a run failed."""
    code, _colon, about = told.partition(": ")
    if code == "abandoned":
        return _("The worker stopped twice in the middle of it.")
    if code == "refused":
        return about
    text = word(REFUSED, code) if code in REFUSED else _("It could not be computed.")
    return f"{text} {about}".strip()


def sentence(lines: Sequence[Mapping[str, Any]], has_changes: bool) -> str:
    """What a manager can repeat."""
    if not has_changes:
        known = {line["key"]: line for line in lines if line["today"]}
        if "cycle-median" not in known:
            return _("No simulated case came to its end.")
        told = _(
            "As things are, half of the cases are over within %(days)s",
            days=figures.figure(known["cycle-median"]["today"]["mean"], "days"),
        )
        if "won" in known:
            share = figures.figure(known["won"]["today"]["mean"], "share")
            told += _(", and %(share)s are won", share=share)
        return f"{told.removesuffix('.')}."
    clear = [line for line in lines if line["clear"] and line["key"] != "cases"]
    if not clear:
        return _("None of the figures changes so much that it could not be chance.")
    parts = [
        _(
            "%(figure)s %(changed)s instead of %(today)s",
            figure=_lower(word(FIGURE, line["key"])),
            changed=figures.figure(line["changed"]["mean"], line["unit"]),
            today=figures.figure(line["today"]["mean"], line["unit"]),
        )
        for line in clear[:3]
    ]
    return _("With the changes: %(parts)s.", parts="; ".join(parts).removesuffix("."))


def warning(code: str, about: str, names: Mapping[str, str]) -> str:
    """One warning."""
    name = names.get(about, about)
    if code == "few":
        return _("“%(step)s” was done less than ten times.", step=name)
    if code == "unseen":
        return _("“%(step)s” was never done; it is given the times of other steps.", step=name)
    if code == "overload":
        return _("%(person)s has more work than time: the queue would grow for ever.", person=name)
    if code == "little":
        return _("It is learned from %(count)s closed cases only.", count=about)
    return _("The model does not know the element “%(name)s” and passes it.", name=name)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
