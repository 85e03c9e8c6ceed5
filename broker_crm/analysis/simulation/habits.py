"""How cases and people behave, as learned: what one replication at a time draws from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from broker_crm.analysis.simulation.arriving import Arrivals
from broker_crm.analysis.simulation.behaviour import Arrival, Chance, Person, Profile, Work
from broker_crm.analysis.simulation.model import Does, Key, Node
from broker_crm.analysis.simulation.pools import Pools
from broker_crm.analysis.simulation.shares import Shares

NEVER = ""
"""Choice of an event that never came."""
VISITS = 6


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
