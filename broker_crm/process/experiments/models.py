"""Experiments: what is compared, which case is in which arm, what each look found, who did what."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from broker_crm.db import Base, UtcDateTime, new_id


class State(StrEnum):
    DRAFT = "draft"
    """Planned; nobody is in it yet."""
    RUNNING = "running"
    """New cases are shared out."""
    PAUSED = "paused"
    """A person holds it; new cases take A and are not in it."""
    STOPPED = "stopped"
    """Its rule stopped it: new cases take A, and a person has to decide."""
    ENDED = "ended"
    """With a decision."""


IN_FORCE = (State.RUNNING, State.PAUSED, State.STOPPED)
"""While one of a process is in such a state, no other may start."""


class Arm(StrEnum):
    A = "a"
    """What was in force before."""
    B = "b"
    """What is tried."""


class Unit(StrEnum):
    """What is drawn for an arm."""

    CASE = "case"
    CLIENT = "client"
    """All cases of a client are in one arm."""
    SALESPERSON = "salesperson"
    """All cases of a salesperson are in one arm."""


class Decision(StrEnum):
    A = "a"
    """A stays."""
    B = "b"
    """B becomes the latest."""
    UNDECIDED = "undecided"
    """Nothing follows from it; A stays."""


class Measure(StrEnum):
    """What an experiment is judged by, one number for each case at its horizon."""

    WON = "won"
    """Share of cases won."""
    CONVERSION = "conversion"
    """Share of cases in which a step ended well."""
    LATE = "late"
    """Share of cases with a late step."""
    MEETING = "meeting"
    """Working days until the first meeting that was held."""
    CYCLE = "cycle"
    """Working days until the end."""


OF_SHARES = frozenset({Measure.WON, Measure.CONVERSION, Measure.LATE})
"""Shares of cases; the others are working days, at most the horizon."""
LESS_IS_BETTER = frozenset({Measure.LATE, Measure.MEETING, Measure.CYCLE})

VERSION = "version"
"""What is compared: whole versions. Otherwise it is a kind of template."""


class Experiment(Base):
    """One experiment on one process."""

    __tablename__ = "experiment"
    __table_args__ = (
        Index(
            "uq_experiment_in_force",
            "process_key",
            unique=True,
            sqlite_where=text("state IN ('running', 'paused', 'stopped')"),
            postgresql_where=text("state IN ('running', 'paused', 'stopped')"),
        ),
        Index(None, "process_key", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    process_key: Mapped[str] = mapped_column(String(120))
    name: Mapped[str] = mapped_column(String(200))
    hypothesis: Mapped[str] = mapped_column(String(1000))
    compared: Mapped[str] = mapped_column(String(20))
    """'version', 'letter', 'script' or 'document'."""
    template_key: Mapped[str | None] = mapped_column(String(200))
    """Of the letter, script or document; None where versions are compared."""
    version_a_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"))
    version_b_id: Mapped[int] = mapped_column(ForeignKey("process_version.id"))
    """Where templates are compared, every case runs on A's version and this one gives B's text."""
    share_b: Mapped[int]
    """Per cent."""
    unit: Mapped[str] = mapped_column(String(20), default=Unit.CASE)
    balanced: Mapped[bool] = mapped_column(default=False)
    """Drawn in blocks within each segment, so that both arms get the same mix."""
    measure: Mapped[str] = mapped_column(String(30))
    step: Mapped[str | None] = mapped_column(String(120))
    """Of the measure, where it is about one."""
    horizon_days: Mapped[int]
    """Working days from the start of a case after which its measure is taken."""
    smallest_difference: Mapped[float]
    """Worth noticing: a share, or working days."""
    base_mean: Mapped[float]
    """Of the measure in past cases when it was planned; so the three below."""
    base_spread: Mapped[float]
    """Standard deviation from case to case."""
    base_cases: Mapped[int]
    arrivals_per_day: Mapped[float]
    """Cases started on a working day."""
    needed: Mapped[int]
    """Cases, both arms together."""
    looks: Mapped[int] = mapped_column(default=1)
    """Planned looks at the figures; the last one with all needed cases."""
    harm_stop: Mapped[bool] = mapped_column(default=False)
    ends_on: Mapped[date | None]
    """No case enters after this day."""
    seed: Mapped[str] = mapped_column(String(64))
    """Key of the draws, so that they can be drawn again and nobody can foresee them."""
    state: Mapped[str] = mapped_column(String(20), default=State.DRAFT)
    stop_reason: Mapped[str | None] = mapped_column(String(20))
    """'sample', 'time', 'b-better', 'b-worse' or 'harm', once its rule has stopped it."""
    decision: Mapped[str | None] = mapped_column(String(20))
    decision_note: Mapped[str] = mapped_column(String(1000), default="")
    decided_version_id: Mapped[int | None] = mapped_column(ForeignKey("process_version.id"))
    """The version that new cases run on since the decision."""
    created_by: Mapped[str] = mapped_column(ForeignKey("user_account.login"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ExperimentAssignment(Base):
    """The arm of one case; written with its start and never changed."""

    __tablename__ = "experiment_assignment"
    __table_args__ = (
        Index(None, "experiment_id", "at"),
        Index(None, "experiment_id", "unit_key"),
        Index(None, "experiment_id", "stratum"),
    )

    instance_id: Mapped[UUID] = mapped_column(ForeignKey("process_instance.id"), primary_key=True)
    experiment_id: Mapped[UUID] = mapped_column(ForeignKey("experiment.id"))
    arm: Mapped[str] = mapped_column(String(1))
    unit_key: Mapped[str] = mapped_column(String(80))
    """What was drawn: 'case:…', 'client:…' or 'salesperson:…'."""
    stratum: Mapped[str] = mapped_column(String(120), default="")
    """Segment within which the blocks are balanced; '' where they are not."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExperimentLook(Base):
    """What a planned look found; looked at once, with the cases that were planned for it."""

    __tablename__ = "experiment_look"

    experiment_id: Mapped[UUID] = mapped_column(ForeignKey("experiment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    n_a: Mapped[int]
    n_b: Mapped[int]
    mean_a: Mapped[float | None]
    mean_b: Mapped[float | None]
    difference: Mapped[float | None]
    """B less A."""
    low: Mapped[float | None]
    high: Mapped[float | None]
    """Interval of the difference that stays right however many looks there are."""
    z: Mapped[float | None]
    bound: Mapped[float]
    """From |z| of this on, the difference is taken to be true."""
    verdict: Mapped[str] = mapped_column(String(20))
    is_last: Mapped[bool] = mapped_column(default=False)


class ExperimentEvent(Base):
    """Who did what with an experiment, and when."""

    __tablename__ = "experiment_event"
    __table_args__ = (Index(None, "experiment_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    experiment_id: Mapped[UUID] = mapped_column(ForeignKey("experiment.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """'planned', 'started', 'paused', 'resumed', 'looked', 'stopped' or 'ended'."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))
    """None for the product itself."""
    note: Mapped[str] = mapped_column(String(1000), default="")
