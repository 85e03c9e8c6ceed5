"""Changes that are tried: each a short text, such as `wait:Task_FirstCall:0.5`, and what it does.

| text | change |
|---|---|
| `standard:STEP:DAYS` | the time standard, in working days |
| `wait:STEP:TIMES` | how long the step waits for its person, as a multiple |
| `work:STEP:TIMES` | how long the work on it takes, as a multiple |
| `on-time:STEP` | nobody gets to it later than its standard |
| `outcome:STEP:OUTCOME:SHARE` | share of an outcome; with a sign, the points by which it moves |
| `flow:GATEWAY:FLOW:SHARE` | the same for a flow of a gateway, such as the result of a rule |
| `add:GROUP:NUMBER` | so many people more in a group |
| `without:LOGIN` | a person less, whose work goes to the others of the group |
| `arrivals:TIMES` | cases that begin, as a multiple |
| `version:NUMBER`, `draft` | another version of the diagram, or the designers' draft |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields, replace

from broker_crm.analysis.simulation.behaviour import Chance, Person, Profile, Work
from broker_crm.analysis.simulation.habits import Habits
from broker_crm.analysis.simulation.model import Does, Model, Node

PARTS = {
    "standard": 3,
    "wait": 3,
    "work": 3,
    "on-time": 2,
    "outcome": 4,
    "flow": 4,
    "add": 3,
    "without": 2,
    "arrivals": 2,
    "version": 2,
    "draft": 1,
}
"""Kind to the number of its parts."""
OTHER_DIAGRAM = frozenset({"version", "draft"})
MOST_TIMES, MOST_DAYS, MOST_PEOPLE, MOST_CHANGES = 10.0, 250.0, 20, 30
DAY = 28_800.0


class ChangeRefused(ValueError):
    """A change can't be tried.

    Attributes:
        code: 'unknown', 'no-such-step', 'no-such-outcome', 'no-such-gateway', 'decided',
            'no-such-person', 'no-such-group', 'number', 'too-many'.
        text: the change.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        kind: one of `PARTS`.
        place: step, gateway, group or login.
        name: outcome or flow.
        value: number; None where there is none.
        moves: whether the value is a difference.
    """

    kind: str
    place: str = ""
    name: str = ""
    value: float | None = None
    moves: bool = False

    @property
    def text(self) -> str:
        """As it is written."""
        number = ""
        if self.value is not None:
            number = f"{self.value:+g}" if self.moves else f"{self.value:g}"
        return ":".join(part for part in (self.kind, self.place, self.name, number) if part)


def read_change(text: str) -> Change:
    """Read one change.

    Raises:
        ChangeRefused: it is none, or its number is out of bounds.
    """
    kind, *rest = [part.strip() for part in text.strip().split(":")]
    if PARTS.get(kind) != len(rest) + 1 or not all(rest):
        raise ChangeRefused("unknown", text)
    if kind in {"on-time", "without"}:
        return Change(kind, rest[0])
    if kind == "draft":
        return Change(kind)
    moves = kind in {"outcome", "flow"} and rest[-1][0] in "+-"
    value = _number(rest[-1], text)
    low, high = _bounds(kind, moves)
    if not low <= value <= high or (kind in {"add", "version"} and value != int(value)):
        raise ChangeRefused("number", text)
    place, name = [*rest[:-1], "", ""][:2]
    return Change(kind, place, name, value, moves)


def read_changes(texts: Sequence[str]) -> tuple[Change, ...]:
    """Read several, in their order; empty ones are left out."""
    found = tuple(read_change(text) for text in texts if text.strip())
    if len(found) > MOST_CHANGES:
        raise ChangeRefused("too-many", found[MOST_CHANGES].text)
    return found


def changed(habits: Habits, model: Model, changes: Sequence[Change]) -> Habits:
    """The same behaviour with changes; what is not changed meets the same chances.

    Args:
        habits: as learned.
        model: of the version that is simulated.
        changes: those of the diagram are left out, because the model has them already.

    Raises:
        ChangeRefused: naming what does not exist.
    """
    found = Changed(**{each.name: getattr(habits, each.name) for each in fields(Habits)})
    found.outcomes, found.gateways, found.doers = (
        copy(habits.outcomes).afresh(),
        copy(habits.gateways).afresh(),
        copy(habits.doers).afresh(),
    )
    for change in changes:
        model_has(model, change)
        if change.kind not in OTHER_DIAGRAM:
            _apply(found, change)
    return found


@dataclass
class Changed(Habits):
    """Behaviour with changes.

    Attributes:
        steps: step to its changes.
        newcomers: group to logins of people who are added.
        leavers: login to the people of the same group who take over.
    """

    steps: dict[str, list[Change]] = field(default_factory=dict)
    newcomers: dict[str, list[str]] = field(default_factory=dict)
    leavers: dict[str, list[str]] = field(default_factory=dict)

    @property
    def staff(self) -> Mapping[str, Person]:
        """Those who are still there."""
        return {login: each for login, each in self.people.items() if login not in self.leavers}

    def work(self, chance: Chance, profile: Profile, node: Node, visit: int) -> Work:
        """What a step takes now."""
        work = self._shared_out(chance, super().work(chance, profile, node, visit))
        for change in self.steps.get(node.id, ()):
            value = change.value or 0.0
            if change.kind == "wait":
                work = replace(work, delay=work.delay * value)
            elif change.kind == "work":
                work = replace(work, seconds=work.seconds * value)
            elif change.kind == "on-time" and work.standard is not None:
                work = replace(work, delay=min(work.delay, work.standard * DAY))
            elif change.kind == "standard":
                work = self._by_standard(work, value)
        return work

    def _by_standard(self, work: Work, days: float) -> Work:
        """People keep pace with a standard as far as they did in the past."""
        delay = work.delay
        if work.standard and days > 0:
            delay *= (days / work.standard) ** self.pace
        return replace(work, standard=days, delay=delay)

    def _shared_out(self, chance: Chance, work: Work) -> Work:
        if not work.people:
            return work
        login = work.people[0]
        heirs = self.leavers.get(login)
        if heirs is not None:
            if not heirs:
                return replace(work, people=())
            login = heirs[int(chance(0, 0, 21) * len(heirs))]
        role = self.people[login].role
        new = self.newcomers.get(role)
        if new and login not in new:
            before = sum(each.role == role for each in self.people.values()) - len(new)
            place = int(chance(0, 0, 20) * (before + len(new)))
            if place < len(new):
                login = new[place]
        return replace(work, people=(login,))


def _apply(found: Changed, change: Change) -> None:
    value = change.value or 0.0
    if change.kind in {"standard", "wait", "work", "on-time"}:
        found.steps.setdefault(change.place, []).append(change)
    elif change.kind == "outcome":
        found.outcomes.move(change.place, change.name, value, moves=change.moves)
    elif change.kind == "flow":
        found.gateways.move(change.place, change.name, value, moves=change.moves)
    elif change.kind == "arrivals":
        found.days = replace(found.days, times=found.days.times * value)
    elif change.kind == "add":
        _add(found, change)
    else:
        _without(found, change)


def _add(found: Changed, change: Change) -> None:
    like = [each for each in found.people.values() if each.role == change.place]
    if not like:
        raise ChangeRefused("no-such-group", change.text)
    other = sum(each.other for each in like) / len(like)
    people = dict(found.people)
    new = found.newcomers.setdefault(change.place, [])
    for _ in range(int(change.value or 0)):
        login = f"+{change.place}-{len(new) + 1}"
        people[login] = Person(login, change.place, other)
        new.append(login)
    found.people = people


def _without(found: Changed, change: Change) -> None:
    if change.place not in found.people or change.place in found.leavers:
        raise ChangeRefused("no-such-person", change.text)
    role = found.people[change.place].role
    found.leavers[change.place] = []
    for login in found.leavers:
        found.leavers[login] = [
            each.login
            for each in found.people.values()
            if each.role == found.people[login].role
            and each.login not in found.leavers
            and each.login not in found.newcomers.get(role, ())
        ]


def model_has(model: Model, change: Change) -> None:
    """Raise `ChangeRefused` for a step, an outcome or a flow that the model does not have."""
    node = model.nodes.get(change.place)
    if change.kind in {"standard", "wait", "work", "on-time", "outcome"}:
        if node is None or node.does is not Does.STEP:
            raise ChangeRefused("no-such-step", change.text)
        if change.kind == "outcome" and change.name not in node.element.outcomes:
            raise ChangeRefused("no-such-outcome", change.text)
    if change.kind == "flow":
        if node is None or node.does is not Does.ONE:
            raise ChangeRefused("no-such-gateway", change.text)
        if node.decided:
            raise ChangeRefused("decided", change.text)
        if change.name not in {flow.id for flow in node.flows}:
            raise ChangeRefused("no-such-gateway", change.text)


def _number(written: str, text: str) -> float:
    try:
        value = float(written.replace(",", "."))
    except ValueError:
        raise ChangeRefused("number", text) from None
    if value - value != 0:
        raise ChangeRefused("number", text)
    return value


def _bounds(kind: str, moves: bool) -> tuple[float, float]:
    if kind in {"outcome", "flow"}:
        return (-1.0, 1.0) if moves else (0.0, 1.0)
    return {
        "standard": (0.0, MOST_DAYS),
        "add": (1.0, float(MOST_PEOPLE)),
        "version": (1.0, 1e6),
    }.get(kind, (0.0, MOST_TIMES))
