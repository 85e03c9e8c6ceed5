"""What is wrong with a scenario: the place, the problem and the mend, ready to be translated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Translate = Callable[[str], str]
"""Turns an English sentence with `%(name)s` into the reader's language."""

PROBLEMS: dict[str, str] = {
    "not-json": "This is not JSON: %(why)s. Save it again as the page or an editor writes it.",
    "too-large": "It is larger than %(limit)s bytes. Leave out what no step needs.",
    "not-object": "Write an object here: { … }.",
    "not-list": "Write a list here: [ … ].",
    "not-text": "Write a text here, at most %(limit)s characters.",
    "not-number": "Write a number here.",
    "not-true-or-false": "Write true or false here.",
    "not-day": "Write the day as 2026-03-02.",
    "not-moment": "Write the office's local time as 2026-03-02T09:00.",
    "missing": "“%(key)s” is missing. Write it.",
    "unknown-key": "Nothing is called “%(key)s” here. Write one of: %(known)s.",
    "not-one-of": "Write one of: %(known)s.",
    "too-many": "There are more than %(limit)s. Make two scenarios of it.",
    "not-an-act": "A step is one of: do, wait, fire, send, expect.",
    "not-a-wait": "Wait for “1 working day”, “5 working days”, “next timer” or until a"
    " moment such as 2026-03-04T10:00.",
    "other-name": "The file says that it is called “%(name)s”. A scenario lies in"
    " PROCESS-KEY/NAME.json of its own process and name.",
    "no-process": "There is no process “%(process)s”. Publish it first, or mend the key.",
    "no-product": "There is no product “%(product)s”. Write one of: %(known)s.",
    "no-person": "Nobody with the login “%(login)s” works here. Write one of: %(known)s.",
    "no-insurer": "There is no insurer “%(insurer)s”. Write one of: %(known)s.",
    "no-client": "There is no such client, or it is not yours to see. Choose another one.",
    "needs": "The process begins with a %(what)s. Write “%(what)s” into the scenario.",
    "not-started": "The case could not be started: %(why)s",
    "not-open": "The step “%(step)s” is not open; open are: %(open)s. Mend the scenario, or see"
    " why the diagram goes another way.",
    "ended": "The case has ended already (%(outcome)s). Take the steps after its end away.",
    "refused-form": "The form refuses what is filled in: %(fields)s",
    "refused-step": "The step is refused: %(why)s",
    "no-timer": "No timer waits. Take this step away, or see why none was set.",
    "no-such-timer": "No timer of “%(element)s” waits; those that wait: %(waiting)s.",
    "nobody-waits": "Nobody waits for the message “%(message)s”. Those waited for: %(waiting)s.",
    "stopped": "The process stopped at “%(element)s”: %(why)s",
    "too-many-timers": "More than %(limit)s timers fired while waiting. A cycle without an end?",
    "backwards": "This is before %(now)s. Time goes only forward: write a later moment.",
    "too-long": "It did not end within %(seconds)s seconds and was stopped. Is there a loop that"
    " never ends in the diagram or in an expression?",
    "broke": "It could not be carried out: %(why)s",
}
"""Every sentence that a scenario is refused or stopped with, by its code."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Args:
        place: where in the scenario, such as `steps[3].values`.
        code: key of `PROBLEMS`.
        params: what the sentence names.
        fields: messages by field of a refused form.
    """

    place: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    fields: Mapping[str, list[str]] = field(default_factory=dict)

    def sentence(self, translate: Translate = str) -> str:
        """Problem and mend in words."""
        return translate(PROBLEMS[self.code]) % dict(self.params)

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence()}" if self.place else self.sentence()

    def as_dict(self) -> dict[str, object]:
        return {
            "place": self.place,
            "code": self.code,
            "params": {key: str(value) for key, value in self.params.items()},
            "fields": dict(self.fields),
            "problem": self.sentence(),
        }


def problem_from(told: Mapping[str, object]) -> Problem:
    """A problem from what `as_dict` gave."""
    params, fields = told.get("params"), told.get("fields")
    return Problem(
        str(told["place"]),
        str(told["code"]),
        dict(params) if isinstance(params, Mapping) else {},
        dict(fields) if isinstance(fields, Mapping) else {},
    )


class ScenarioRejected(Exception):
    """The scenario can't be read.

    Args:
        problems: at least one.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class ActFailed(Exception):
    """A step of a scenario could not be carried out; the scenario stops there."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem
