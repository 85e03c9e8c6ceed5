"""A behaviour whose truth is known: Poisson arrivals, exponential work, chosen outcomes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log

from broker_crm.analysis.simulation.behaviour import Arrival, Chance, Person, Profile, Work
from broker_crm.analysis.simulation.model import Key, Node

DAY = 28_800.0
OPENS = [DAY * day for day in range(4_000)]


@dataclass
class Planted:
    """Cases come at a rate, and whoever is free works on them.

    Attributes:
        rate: cases for a second.
        seconds: mean of the work, exponential.
        crew: people who share all steps.
        outcomes: step to its outcome.
        flows: gateway to the flow that it takes.
        waits: event to seconds until it comes, and the flow.
        counts: element to the number of its repetitions.
    """

    rate: float = 1 / 3_600
    seconds: float = 3_000.0
    crew: tuple[str, ...] = ("one",)
    standard: float | None = None
    outcomes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    flows: Mapping[str, Sequence[str]] = field(default_factory=dict)
    waits: Mapping[str, tuple[float, str | None] | None] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    opens: Sequence[float] = field(default_factory=lambda: OPENS)
    away: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)

    @property
    def people(self) -> Mapping[str, Person]:
        return {each: Person(each, away=self.away.get(each, ())) for each in self.crew}

    def arrivals(self, seed: int, start: float, end: float) -> list[Arrival]:
        chance, at, found = random.Random(seed), start, []
        while (at := at + chance.expovariate(self.rate)) < end:
            found.append(Arrival(at, Profile(), len(found)))
        return found

    def work(self, chance: Chance, profile: Profile, node: Node, visit: int) -> Work:
        seconds = -self.seconds * log(1.0 - chance(node.number, visit, 1))
        return Work(self.crew, 0.0, seconds, self.standard, 1 / 3_600)

    def outcome(self, chance: Chance, profile: Profile, node: Node, visit: int) -> str | None:
        told = self.outcomes.get(node.id)
        return told[min(visit, len(told)) - 1] if told else None

    def one(self, chance: Chance, profile: Profile, node: Node, key: Key, visit: int) -> str:
        told = self.flows[node.id]
        return told[min(visit, len(told)) - 1]

    def some(self, chance: Chance, profile: Profile, node: Node, key: Key, visit: int) -> list[str]:
        return list(self.flows[node.id])

    def count(self, chance: Chance, profile: Profile, node: Node, visit: int) -> int:
        return self.counts[node.id]

    def wait(
        self, chance: Chance, profile: Profile, node: Node, visit: int
    ) -> tuple[float, str | None] | None:
        return self.waits.get(node.id)

    def money(self, chance: Chance, profile: Profile) -> float:
        return 100.0
