"""What a run asks of cases and people: arrivals, work, outcomes, choices, waits; its chances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from broker_crm.analysis.simulation.model import Key, Node

_MASK = (1 << 64) - 1


class Chance:
    """Uniform draws of one case, each by its place: independent of the order of asking."""

    __slots__ = ("_case", "_seed")

    def __init__(self, seed: int, case: int) -> None:
        self._seed = seed
        self._case = case

    def __call__(self, place: int, visit: int, purpose: int) -> float:
        """A number in [0, 1)."""
        mixed = hash((self._seed, self._case, place, visit, purpose)) & _MASK
        mixed = ((mixed ^ (mixed >> 31)) * 0x7FB5D329728EA185) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x81DADEF4BC2DD44D) & _MASK
        return float((mixed ^ (mixed >> 33)) >> 11) * 2.0**-53


@dataclass(frozen=True, slots=True)
class Profile:
    """What is told of a case from its beginning."""

    product: str | None = None
    vip: bool = False
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A case that begins at an office second."""

    at: float
    profile: Profile
    number: int


@dataclass(frozen=True, slots=True)
class Work:
    """What a step takes.

    Attributes:
        people: who may do it, the first who is free; nobody in particular when empty.
        delay: office seconds until they get to it, when nothing else is in the way.
        seconds: of work.
        standard: working days; None without one.
        rate: EUR for a second of work.
    """

    people: tuple[str, ...]
    delay: float
    seconds: float
    standard: float | None
    rate: float


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works on the steps.

    Attributes:
        login: of the user.
        role: what they do here, by the steps that they did most.
        other: share of their office time that other work takes.
        away: office seconds from and until when they are absent, in order.
    """

    login: str
    role: str = ""
    other: float = 0.0
    away: tuple[tuple[float, float], ...] = ()


class Behaviour(Protocol):
    """How cases and people behave; fitted from history, or planted by a test."""

    people: Mapping[str, Person]
    opens: Sequence[float]
    """Office seconds before each working day."""

    def arrivals(self, seed: int, start: float, end: float) -> list[Arrival]:
        """Cases that begin between two office seconds."""

    def work(self, chance: Chance, profile: Profile, node: Node, visit: int) -> Work:
        """What a step takes."""

    def outcome(self, chance: Chance, profile: Profile, node: Node, visit: int) -> str | None:
        """With what a step ends."""

    def one(self, chance: Chance, profile: Profile, node: Node, key: Key, visit: int) -> str:
        """Which flow a gateway takes."""

    def some(self, chance: Chance, profile: Profile, node: Node, key: Key, visit: int) -> list[str]:
        """Which flows an inclusive gateway takes."""

    def count(self, chance: Chance, profile: Profile, node: Node, visit: int) -> int:
        """For how many something is done."""

    def wait(
        self, chance: Chance, profile: Profile, node: Node, visit: int
    ) -> tuple[float, str | None] | None:
        """Seconds until an event, and its flow where several may come; None for never."""

    def money(self, chance: Chance, profile: Profile) -> float:
        """Commission of a case that is won, EUR."""
