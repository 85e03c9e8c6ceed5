"""How cases and people behaved, learned from their history: what a simulation draws from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from broker_crm.analysis.answers import Row
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.simulation.arriving import Arrivals
from broker_crm.analysis.simulation.history import History, contention, crew, history
from broker_crm.analysis.simulation.model import Does, Key, Model, Node
from broker_crm.analysis.simulation.pools import Pools
from broker_crm.analysis.simulation.running import Arrival, Chance, Person, Profile, Work
from broker_crm.analysis.simulation.shares import Shares
from broker_crm.analysis.simulation.traces import Happening
from broker_crm.engine.transition import EventKind

NEVER = ""
"""Choice of an event that never came."""
VISITS = 6
LEAST_PACE, SPREAD, HALF_HOUR = 20, 2.0, 1_800.0


@dataclass(frozen=True, slots=True)
class Observed:
    """One step as it was: seconds, working days, EUR a second."""

    delay: float
    seconds: float
    standard: float | None
    rate: float


@dataclass(frozen=True, slots=True)
class Basis:
    """What a fit stands on.

    Attributes:
        cases: in the history.
        closed: of them, over.
        steps: done.
        versions: numbers of the versions whose cases they are.
        few: steps of the diagram done less than ten times, that are drawn all the same.
        unseen: steps never done, whose times are taken from all steps together.
    """

    cases: int
    closed: int
    steps: int
    versions: tuple[int, ...]
    few: tuple[str, ...]
    unseen: tuple[str, ...]


@dataclass
class Habits:
    """What was learned; one replication at a time draws from it.

    Attributes:
        people: who work on the steps.
        opens: office seconds before each working day.
        seed: of the replication under way.
        pace: by which power of a changed standard the delays changed in the past, 0 to 1.
    """

    people: Mapping[str, Person]
    opens: Sequence[float]
    weekdays: Sequence[int]
    outcomes: Shares = field(default_factory=Shares)
    gateways: Shares = field(default_factory=Shares)
    events: Shares = field(default_factory=Shares)
    doers: Shares = field(default_factory=Shares)
    works: Pools[Observed] = field(default_factory=Pools)
    waits: Pools[float] = field(default_factory=Pools)
    counts: Pools[int] = field(default_factory=Pools)
    commissions: Pools[float] = field(default_factory=Pools)
    days: Arrivals = field(default_factory=Arrivals)
    basis: Basis = Basis(0, 0, 0, (), (), ())
    seed: int = 0
    pace: float = 0.0

    @property
    def staff(self) -> Mapping[str, Person]:
        """The people whose load is told."""
        return self.people

    # -- what a run asks -----------------------------------------------------------------------

    def arrivals(self, seed: int, start: float, end: float) -> list[Arrival]:
        """As many and such as began on days like these."""
        self.seed = seed
        return self.days.between(seed, start, end)

    def work(self, chance: Chance, profile: Profile, node: Node, visit: int) -> Work:
        """A step of the past of the same person and product, as far as there were such."""
        person = self._doer(chance, profile, node, visit)
        context = (person, profile.product) if person else ()
        seen = self.works.draw(
            chance(node.number, visit, 1),
            chance(node.number, visit, 2),
            node.id,
            context,
            self.seed,
        )
        if seen is None:
            at = chance(node.number, visit, 2)
            seen = self.works.draw(0.0, at, NEVER, (), self.seed) or Observed(0.0, 0.0, None, 0.0)
        people = (person,) if person else ()
        return Work(people, seen.delay, seen.seconds, seen.standard, seen.rate)

    def outcome(self, chance: Chance, profile: Profile, node: Node, visit: int) -> str | None:
        """With the shares of the past for this visit, product and VIP clients."""
        choices = self._outcomes_of(node)
        if not choices:
            return None
        context = (min(visit, 3), profile.product, profile.vip)
        at = chance(node.number, visit, 3)
        return self.outcomes.pick(at, node.id, context, choices, self.seed)

    def one(self, chance: Chance, profile: Profile, node: Node, key: Key, visit: int) -> str:
        """A flow, given the outcomes that the gateway asks for."""
        context = (min(visit, VISITS), profile.product, profile.vip)
        choices = [flow.id for flow in node.flows]
        at = chance(node.number, visit, 4)
        return self.gateways.pick(at, (node.id, key), context, choices, self.seed)

    def some(self, chance: Chance, profile: Profile, node: Node, key: Key, visit: int) -> list[str]:
        """Flows, each by its own share."""
        taken = [
            flow.id
            for place, flow in enumerate(node.flows)
            if flow.id != node.default
            and self.gateways.pick(
                chance(node.number, visit, 10 + place),
                (node.id, key, flow.id),
                (1, profile.product),
                ("yes", "no"),
                self.seed,
            )
            == "yes"
        ]
        return taken or [node.default or node.flows[0].id]

    def count(self, chance: Chance, profile: Profile, node: Node, visit: int) -> int:
        """As many as a case of the same product had."""
        which, at = chance(node.number, visit, 5), chance(node.number, visit, 6)
        return self.counts.draw(which, at, node.id, (profile.product,), self.seed) or 1

    def wait(
        self, chance: Chance, profile: Profile, node: Node, visit: int
    ) -> tuple[float, str | None] | None:
        """How long an event let wait for itself, or that it never came."""
        target, flow = node.id, None
        choices = self._events_of(node)
        if choices:
            at = chance(node.number, visit, 7)
            target = self.events.pick(at, node.id, (min(visit, 3),), choices, self.seed)
            if target == NEVER:
                return None
            flow = next((each.id for each in node.flows if each.target == target), None)
        which, at = chance(node.number, visit, 8), chance(node.number, visit, 9)
        seconds = self.waits.draw(which, at, target, (min(visit, 4),), self.seed)
        if seconds is None:
            return (
                None if node.element.attached_to or node.element.event != "timer" else (0.0, flow)
            )
        return seconds, flow

    def money(self, chance: Chance, profile: Profile) -> float:
        """Commission of a won case of the same product."""
        at = chance(0, 0, 11)
        return self.commissions.draw(0.0, at, "", (profile.product,), self.seed) or 0.0

    def _outcomes_of(self, node: Node) -> list[str]:
        return list(dict.fromkeys((*node.element.outcomes, *sorted(self.outcomes.seen(node.id)))))

    def _events_of(self, node: Node) -> list[str]:
        if node.does is Does.FIRST:
            return [*(flow.target for flow in node.flows), NEVER]
        if node.element.event == "timer":
            return []
        return [node.id, NEVER]

    def _doer(self, chance: Chance, profile: Profile, node: Node, visit: int) -> str | None:
        choices = [each for each in self.doers.seen(node.id) if each == "" or each in self.people]
        if not choices:
            return None
        at = chance(node.number, 1, 12)
        own = self.doers.seen((node.id, "owner"))
        if own and profile.owner in self.people:
            share = own.get("yes", 0.0) / sum(own.values())
            if chance(node.number, 1, 13) < share:
                return profile.owner
        found = self.doers.pick(at, node.id, (0, profile.product), choices, self.seed)
        return found or None


def fit(ledger: Ledger, model: Model, version: int | None, until: float | None = None) -> Habits:
    """Learn from a process's history.

    Args:
        ledger: the columns, and the database behind them.
        model: of the version to be simulated.
        version: its number; None for a draft, which learns from all cases.
        until: office second after which nothing may be known, for a back-test.
    """
    opens = [float(each) for each in ledger.office.calendar.seconds_before]
    weekdays = [day.weekday() for day in ledger.office.calendar.working_days]
    past = history(ledger, model.process, version, until)
    if past is None:
        return Habits({}, opens, weekdays)
    roles = {node.id: role_of(node) for node in model.steps}
    habits = Habits(crew(ledger, past, roles), opens, weekdays)
    profiles = {
        row["case_id"]: Profile(row["product"], bool(row["vip"]), row["owner"])
        for row in past.cases
    }
    habits.days = Arrivals.of(past.begun, opens, weekdays, past.until)
    _note_steps(habits, model, past, profiles, contention(ledger, past))
    for row in past.cases:
        profile = profiles[row["case_id"]]
        events = [each for each in past.events.get(row["case_id"], ()) if each.at <= past.until]
        _Past(habits, model, profile, row["ended_s"] is not None).note(events)
        if row["ending"] == "won" and row["commission"] is not None:
            habits.commissions.note("", (profile.product,), float(row["commission"]))
    habits.basis = _basis(habits, model, past)
    habits.pace = _pace(habits, model)
    return habits


def role_of(node: Node) -> str:
    """The group whose step it is, as far as the diagram tells."""
    groups = node.element.candidate_groups or ""
    return groups if groups and not groups.startswith("=") else node.element.lane or ""


def _note_steps(
    habits: Habits,
    model: Model,
    past: History,
    profiles: Mapping[str, Profile],
    busy: Sequence[float],
) -> None:
    for row, queued in zip(past.steps, busy, strict=True):
        node = model.nodes.get(row["element"])
        if node is None or node.does is not Does.STEP:
            continue
        profile, person = profiles[row["case_id"]], row["person"]
        seen = _observed(row, queued)
        context = (person, profile.product) if person else ()
        habits.works.note(node.id, context, seen)
        habits.works.note(NEVER, (), seen)
        if row["outcome"] is not None:
            told = (min(row["loop"], 3), profile.product, profile.vip)
            habits.outcomes.note(node.id, told, row["outcome"])
        own = person is not None and person == profile.owner
        habits.doers.note((node.id, "owner"), (), "yes" if own else "no")
        if not own:
            habits.doers.note(node.id, (0, profile.product), person or "")
        elif person not in habits.doers.seen(node.id):
            habits.doers.note(node.id, (), person, 1e-6)


def _observed(row: Row, queued: float) -> Observed:
    done = float(row["done_s"])
    started = done if row["started_s"] is None else float(row["started_s"])
    seconds = float(row["minutes"]) * 60 if row["minutes"] is not None else done - started
    rate = 0.0
    if row["std_cost"] is not None and row["std_minutes"]:
        rate = float(row["std_cost"]) / (float(row["std_minutes"]) * 60)
    delay = max(0.0, started - float(row["created_s"]) - queued)
    standard = None
    if row["std_days"] is not None:
        standard = float(row["std_days"])
    return Observed(delay, max(0.0, seconds), standard, rate)


class _Past:
    """Notes what one past case chose at gateways and how long it waited for events."""

    def __init__(self, habits: Habits, model: Model, profile: Profile, closed: bool) -> None:
        self.habits = habits
        self.model = model
        self.profile = profile
        self.closed = closed
        self.last: dict[str, float] = {}
        self.values: dict[str, str | None] = {}
        self.visits: Counter[str] = Counter()
        self.inside: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.arrived: Counter[str] = Counter()
        self.came: Counter[str] = Counter()

    def note(self, events: Sequence[Happening]) -> None:
        """Read all events of the case."""
        starts = {start: sub for sub, start in self.model.starts.items() if sub in self.model.nodes}
        for each in events:
            node = self.model.nodes.get(each.element)
            if node is None:
                continue
            if each.kind == EventKind.TASK_COMPLETED:
                self.values[node.element.outcome_variable] = each.outcome
            elif each.kind == EventKind.TASK_CREATED:
                self.last[f"{node.id} begun"] = each.at
                self.arrived[node.id] += 1
                continue
            elif node.does in {Does.ONE, Does.SOME} and each.flows:
                self._choice(node, each)
            elif node.does is Does.WAIT or node.element.attached_to:
                self._event(node, each)
            if each.element in starts:
                self._entry(starts[each.element], each)
            self.last[node.id] = each.at
        for place, entries in self.inside.items():
            for _moment, count in entries:
                self.habits.counts.note(place, (self.profile.product,), count)
        if self.closed:
            self._never()

    def _choice(self, node: Node, each: Happening) -> None:
        if len(node.flows) < 2:
            return
        self.visits[node.id] += 1
        key = tuple([self.values.get(name) for name in node.asked])
        product, vip = self.profile.product, self.profile.vip
        if node.does is Does.ONE:
            context = (min(self.visits[node.id], VISITS), product, vip)
            self.habits.gateways.note((node.id, key), context, each.flows[0])
            return
        for flow in node.flows:
            taken = "yes" if flow.id in each.flows else "no"
            self.habits.gateways.note((node.id, key, flow.id), (1, product), taken)

    def _event(self, node: Node, each: Happening) -> None:
        self.visits[node.id] += 1
        visit, came_to = self.visits[node.id], node.id
        if node.element.attached_to:
            since = self.last.get(f"{node.element.attached_to} begun")
        else:
            sources = self.model.sources.get(node.id, frozenset())
            first = next((key for key in sources if self.model.nodes[key].does is Does.FIRST), None)
            if first is not None:
                came_to, sources = first, self.model.sources.get(first, frozenset())
            since = max((self.last[key] for key in sources if key in self.last), default=None)
        self.came[came_to] += 1
        if node.element.event != "timer" or came_to != node.id:
            self.habits.events.note(came_to, (min(self.came[came_to], 3),), node.id)
        if since is not None:
            self.habits.waits.note(node.id, (min(visit, 4),), max(0.0, each.at - since))

    def _entry(self, sub: str, each: Happening) -> None:
        entries = self.inside[sub]
        self.last[f"{sub} begun"] = each.at
        if entries and entries[-1][0] == each.moment:
            entries[-1] = (each.moment, entries[-1][1] + 1)
        else:
            self.arrived[sub] += 1
            entries.append((each.moment, 1))

    def _never(self) -> None:
        """Events that a closed case awaited and that did not come."""
        for node in self.model.nodes.values():
            awaited = 0
            if node.does is Does.FIRST or (
                node.does is Does.WAIT and node.element.event != "timer"
            ):
                sources = self.model.sources.get(node.id, frozenset())
                if any(self.model.nodes[key].does is Does.FIRST for key in sources):
                    continue
                awaited = 1 if any(key in self.last for key in sources) else 0
            elif node.element.attached_to and node.element.event != "timer":
                awaited = self.arrived[node.element.attached_to]
            if awaited > self.came[node.id]:
                context = (min(self.came[node.id] + 1, 3),)
                self.habits.events.note(node.id, context, NEVER)


def _basis(habits: Habits, model: Model, past: History) -> Basis:
    done = Counter(row["element"] for row in past.steps)
    return Basis(
        len(past.cases),
        sum(row["ended_s"] is not None for row in past.cases),
        len(past.steps),
        past.versions,
        tuple(node.id for node in model.steps if 0 < done[node.id] < 10),
        tuple(node.id for node in model.steps if not done[node.id]),
    )


def _pace(habits: Habits, model: Model) -> float:
    """Within each step: by how many percent longer people waited where they had 1 % more time.

    Least squares of logarithms; 0 where too few steps had several standards.
    """
    over, under, n = 0.0, 0.0, 0
    for node in model.steps:
        seen = [each for each in habits.works.all(node.id) if each.standard]
        if len(seen) < LEAST_PACE:
            continue
        x = np.log([each.standard or 1.0 for each in seen])
        y = np.log([each.delay + HALF_HOUR for each in seen])
        over += float(((x - x.mean()) * (y - y.mean())).sum())
        under += float(((x - x.mean()) ** 2).sum())
        n += len(seen)
    return min(1.0, max(0.0, over / under)) if n and under > SPREAD else 0.0
