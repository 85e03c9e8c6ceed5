"""Sentences about trials in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from broker_crm.scenarios.errors import Problem
from broker_crm.web.wording import Words

SUBJECTS: Words = {
    "outcome": _l("outcome of the case"),
    "open": _l("open steps"),
    "due": _l("due: %(what)s"),
    "assignees": _l("whose step: %(what)s"),
    "groups": _l("group of the step: %(what)s"),
    "letters": _l("letters"),
    "measures": _l("measurement point “%(what)s”"),
    "passed": _l("passes “%(what)s”"),
    "variables": _l("value of “%(what)s”"),
}
PROBLEMS: Words = {
    "not-json": _l("This is not JSON: %(why)s. Save it again as the page or an editor writes it."),
    "too-large": _l("It is larger than %(limit)s bytes. Leave out what no step needs."),
    "not-object": _l("Write an object here: { … }."),
    "not-list": _l("Write a list here: [ … ]."),
    "not-text": _l("Write a text here, at most %(limit)s characters."),
    "not-number": _l("Write a number here."),
    "not-true-or-false": _l("Write true or false here."),
    "not-day": _l("Write the day as 2026-03-02."),
    "not-moment": _l("Write the office's local time as 2026-03-02T09:00."),
    "missing": _l("“%(key)s” is missing. Write it."),
    "unknown-key": _l("Nothing is called “%(key)s” here. Write one of: %(known)s."),
    "not-one-of": _l("Write one of: %(known)s."),
    "too-many": _l("There are more than %(limit)s. Make two scenarios of it."),
    "not-an-act": _l("A step is one of: do, wait, fire, send, expect."),
    "not-a-wait": _l(
        "Wait for “1 working day”, “5 working days”, “next timer” or until a"
        " moment such as 2026-03-04T10:00."
    ),
    "other-name": _l(
        "The file says that it is called “%(name)s”. A scenario lies in"
        " PROCESS-KEY/NAME.json of its own process and name."
    ),
    "no-process": _l("There is no process “%(process)s”. Publish it first, or mend the key."),
    "no-product": _l("There is no product “%(product)s”. Write one of: %(known)s."),
    "no-person": _l("Nobody with the login “%(login)s” works here. Write one of: %(known)s."),
    "no-insurer": _l("There is no insurer “%(insurer)s”. Write one of: %(known)s."),
    "no-client": _l("There is no such client, or it is not yours to see. Choose another one."),
    "needs": _l("The process begins with a %(what)s. Write “%(what)s” into the scenario."),
    "not-started": _l("The case could not be started: %(why)s"),
    "not-open": _l(
        "The step “%(step)s” is not open; open are: %(open)s. Mend the scenario, or see"
        " why the diagram goes another way."
    ),
    "ended": _l("The case has ended already (%(outcome)s). Take the steps after its end away."),
    "refused-form": _l("The form refuses what is filled in: %(fields)s"),
    "refused-step": _l("The step is refused: %(why)s"),
    "no-timer": _l("No timer waits. Take this step away, or see why none was set."),
    "no-such-timer": _l("No timer of “%(element)s” waits; those that wait: %(waiting)s."),
    "nobody-waits": _l(
        "Nobody waits for the message “%(message)s”. Those waited for: %(waiting)s."
    ),
    "stopped": _l("The process stopped at “%(element)s”: %(why)s"),
    "too-many-timers": _l(
        "More than %(limit)s timers fired while waiting. A cycle without an end?"
    ),
    "backwards": _l("This is before %(now)s. Time goes only forward: write a later moment."),
    "too-long": _l(
        "It did not end within %(seconds)s seconds and was stopped. Is there a loop that"
        " never ends in the diagram or in an expression?"
    ),
    "broke": _l("It could not be carried out: %(why)s"),
}
"""The sentences of `scenarios.errors.PROBLEMS`."""


FOUND: Words = {
    "passed": _l("passed"),
    "not passed": _l("not passed"),
    "(not open)": _l("(not open)"),
}


def found(told: str) -> str:
    """What was expected or found, where it is a word and no value."""
    return str(FOUND.get(told, told))


def problem(told: Problem) -> str:
    """Place, problem and mend in words."""
    sentence = told.sentence(lambda _english: str(PROBLEMS[told.code]))
    return f"{told.place}: {sentence}" if told.place else sentence


def step(act: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One step of a scenario in words."""
    if "do" in act:
        named = names.get(str(act["do"]), str(act["do"]))
        by = act.get("by")
        return _("%(step)s, by %(login)s", step=named, login=by) if by else named
    if "wait" in act:
        return _("Wait: %(length)s", length=waiting(str(act["wait"])))
    if "fire" in act:
        return _("Until the timer “%(element)s” fires", element=act["fire"])
    if "send" in act:
        return _("Message “%(message)s” arrives", message=act["send"])
    return _("Look at what is expected")


def waiting(length: str) -> str:
    """How long is waited, in words."""
    if length == "next timer":
        return _("until the next timer")
    if length == "1 working day":
        return _("one working day")
    number, _space, unit = length.partition(" ")
    if unit == "working days":
        return _("%(number)s working days", number=number)
    return length.replace("T", " ")
