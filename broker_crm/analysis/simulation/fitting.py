"""How cases and people behaved, learned from their history: what a simulation draws from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from broker_crm.analysis.answers import Row
from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.simulation.arriving import Arrivals
from broker_crm.analysis.simulation.behaviour import Profile
from broker_crm.analysis.simulation.habits import NEVER, VISITS, Basis, Habits, Observed
from broker_crm.analysis.simulation.history import History, contention, crew, history
from broker_crm.analysis.simulation.model import Does, Model, Node
from broker_crm.analysis.simulation.traces import Happening
from broker_crm.engine.transition import EventKind

LEAST_PACE, SPREAD, HALF_HOUR = 20, 2.0, 1_800.0


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
