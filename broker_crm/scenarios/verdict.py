"""Holds what was expected against what was seen: kept or not, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from broker_crm.scenarios.errors import Translate
from broker_crm.scenarios.scenario import Expected
from broker_crm.scenarios.seeing import Seen

WORDS: dict[str, str] = {
    "outcome": "outcome of the case",
    "open": "open steps",
    "due": "due: %(what)s",
    "assignees": "whose step: %(what)s",
    "groups": "group of the step: %(what)s",
    "letters": "letters",
    "measures": "measurement point “%(what)s”",
    "passed": "passes “%(what)s”",
    "variables": "value of “%(what)s”",
}
"""What an expectation is about, by its key."""
NOT_OPEN = "(not open)"
PASSED, NOT_PASSED = "passed", "not passed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One expectation, kept or not."""

    place: str
    """Where it stands in the scenario, such as `steps[3].expect.open`."""
    about: str
    """Key of `WORDS`."""
    what: str
    """Step, element, measure or variable where it is about one."""
    kept: bool
    expected: str
    actual: str

    def subject(self, translate: Translate = str) -> str:
        """What it is about, in words."""
        return translate(WORDS[self.about]) % {"what": self.what}

    def __str__(self) -> str:
        told = "kept" if self.kept else "NOT KEPT"
        got = "" if self.kept else f", got {self.actual}"
        return f"{told}: {self.place} ({self.subject()}): expected {self.expected}{got}"

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "subject": self.subject()}


def judged(expected: Expected, seen: Seen, place: str) -> Iterator[Verdict]:
    """Every expectation of one moment with its verdict."""
    tasks: Mapping[str, Seen] = {task["step"]: task for task in reversed(seen["tasks"])}

    def verdict(
        about: str, wish: object, got: object, what: str = "", kept: bool | None = None
    ) -> Verdict:
        fits = wish == got if kept is None else kept
        return Verdict(f"{place}.{about}", about, what, fits, _said(wish), _said(got))

    if expected.outcome is not None:
        yield verdict("outcome", expected.outcome, seen["outcome"])
    if expected.open is not None:
        yield verdict("open", sorted(expected.open), sorted(task["step"] for task in seen["tasks"]))
    for step, due in expected.due.items():
        got = tasks[step]["due"] if step in tasks else NOT_OPEN
        yield verdict("due", due, got if "T" in due or got == NOT_OPEN else got[:10], step)
    for about, key in (("assignees", "assignee"), ("groups", "group")):
        for step, wish in getattr(expected, about).items():
            yield verdict(about, wish, tasks[step][key] if step in tasks else NOT_OPEN, step)
    if expected.letters is not None:
        yield verdict("letters", list(expected.letters), seen["letters"])
    for about in ("measures", "passed"):
        for wish in getattr(expected, about) or ():
            there = wish in seen[about]
            yield verdict(about, PASSED, PASSED if there else NOT_PASSED, wish)
    for name, value in expected.variables.items():
        yield verdict("variables", value, seen["variables"].get(name), name)


def _said(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return "–" if value in ("", None) else str(value)
