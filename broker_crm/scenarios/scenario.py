"""What a scenario consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

NEXT_TIMER = "next timer"


@dataclass(frozen=True, slots=True)
class Expected:
    """What is to be true at a moment; None says nothing."""

    outcome: str | None = None
    """Outcome of the case; '' for none yet."""
    open: tuple[str, ...] | None = None
    """Steps that are open, exactly these, in any order."""
    due: Mapping[str, str] = field(default_factory=dict)
    """Step to the local day, or day and time, on which it is due."""
    assignees: Mapping[str, str] = field(default_factory=dict)
    """Step to login."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Step to candidate group."""
    letters: tuple[str, ...] | None = None
    """Templates of the letters written so far, exactly these, in order."""
    measures: tuple[str, ...] | None = None
    """Measurement points that have been passed, among others."""
    passed: tuple[str, ...] | None = None
    """Elements that have been passed, among others."""
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Do:
    """Somebody completes an open step."""

    step: str
    values: Mapping[str, Any] = field(default_factory=dict)
    by: str | None = None
    """Login; else the person whose step it is."""
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes, and what falls due meanwhile happens; until the next timer, unless said."""

    working_days: int | None = None
    until: datetime | None = None
    """Naive, local time of the office."""


@dataclass(frozen=True, slots=True)
class Fire:
    """Time passes until the timer of an element fires."""

    element: str


@dataclass(frozen=True, slots=True)
class Send:
    """A message comes from outside."""

    message: str
    key: str | None = None
    """Correlation key; else that for which the case waits."""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Look:
    """Nothing is done; only what is expected counts."""


@dataclass(frozen=True, slots=True)
class Act:
    what: Do | Wait | Fire | Send | Look
    expect: Expected | None = None


@dataclass(frozen=True, slots=True)
class PolicyTold:
    product: str
    starts: date
    ends: date
    premium: float = 450
    insurer: str | None = None
    commission: float = 20
    sum_insured: float | None = None
    deductible: float | None = None
    instalments: int = 1
    object_kind: str | None = None
    object_value: float | None = None


@dataclass(frozen=True, slots=True)
class ClientTold:
    """A client, without a name or an address of a living person."""

    kind: str = "legal"
    vip: bool = False
    status: str = "prospect"
    language: str = "lt"
    consent: bool = True
    """Marketing consent."""
    do_not_contact: bool = False
    email: bool = True
    """Has an e-mail address."""
    sector: str | None = None
    size: str | None = None
    staff: int | None = None
    region: str | None = None
    owner: str = "jonas"
    policies: tuple[PolicyTold, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    process: str
    name: str
    begins: datetime
    """Naive, local time of the office."""
    client: ClientTold | None = None
    product: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    complaint: Mapping[str, Any] | None = None
    campaign: Mapping[str, Any] | None = None
    steps: tuple[Act, ...] = ()
    expect: Expected | None = None
    title: str | None = None
    """What people call it."""


def titled(told: Mapping[str, Any]) -> str:
    """What a scenario is called: its title, else its name.

    Args:
        told: as JSON holds it, whether it can be read or not.
    """
    return str(told.get("title") or told.get("name", ""))
