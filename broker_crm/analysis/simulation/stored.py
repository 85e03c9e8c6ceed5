"""Simulations that were asked for: kept, carried out by one worker at a time, looked at later."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.analysis.ledger import ledger
from broker_crm.analysis.models import LONGEST_QUERY, SimulationRun
from broker_crm.analysis.simulation import direct
from broker_crm.analysis.simulation.results import Progress
from broker_crm.analysis.simulation.scenarios import ChangeRefused
from broker_crm.analysis.simulation.settings import Settings, read_query
from broker_crm.analysis.simulation.versions import version_of
from broker_crm.definitions.published import NotPublished
from broker_crm.engine.errors import DiagramRefused

WHAT_IF, CHECK = "what-if", "check"
WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
LEASE = timedelta(minutes=3)
ATTEMPTS = 2
FRESH = timedelta(days=7)
"""How long a check of a model holds."""
LISTED = 50
MOST_WAITING = 5
"""Of one person."""
TELLS = timedelta(seconds=1)


class TooManyWaiting(Exception):
    """The person has asked for enough; one of them has to end first."""


def ask(session: Session, settings: Settings, *, by: str) -> SimulationRun:
    """Ask for a simulation; without changes it tells of things as they are.

    Args:
        session: the caller commits.
        settings: what to simulate.
        by: login.

    Raises:
        NotPublished: there is no such process or version.
        ChangeRefused: the changes make no sense for it, or are too many to be kept.
        TooManyWaiting: ask later.
    """
    version = direct.refuse_nonsense(session, settings)
    if len(settings.query) > LONGEST_QUERY:
        raise ChangeRefused("too-many", settings.query[:40])
    waiting = select(SimulationRun.id).where(
        SimulationRun.owner == by, SimulationRun.status.in_((WAITING, RUNNING))
    )
    if len(session.scalars(waiting).all()) >= MOST_WAITING:
        raise TooManyWaiting
    return _add(session, WHAT_IF, settings.process, version, settings.query, by)


def ask_check(session: Session, process: str, version: int, *, by: str | None) -> SimulationRun:
    """Ask for a check of a version's model, unless one waits already; as for `ask`."""
    version_of(session, process, version)
    under_way = session.scalar(
        select(SimulationRun).where(
            SimulationRun.kind == CHECK,
            SimulationRun.process_key == process,
            SimulationRun.version == version,
            SimulationRun.status.in_((WAITING, RUNNING)),
        )
    )
    query = Settings(process, version).query
    return under_way or _add(session, CHECK, process, version, query, by)


def run_of(session: Session, run_id: int) -> SimulationRun | None:
    """One run."""
    return session.get(SimulationRun, run_id)


def runs(session: Session, process: str | None = None) -> list[SimulationRun]:
    """The newest ones that people asked for."""
    wanted = select(SimulationRun).where(SimulationRun.kind == WHAT_IF)
    if process is not None:
        wanted = wanted.where(SimulationRun.process_key == process)
    return list(session.scalars(wanted.order_by(SimulationRun.id.desc()).limit(LISTED)))


def last_check(session: Session, process: str, version: int) -> SimulationRun | None:
    """The newest check of a version's model, whatever became of it."""
    return session.scalar(
        select(SimulationRun)
        .where(
            SimulationRun.kind == CHECK,
            SimulationRun.process_key == process,
            SimulationRun.version == version,
        )
        .order_by(SimulationRun.id.desc())
        .limit(1)
    )


def delete(session: Session, run: SimulationRun) -> None:
    """Take a run away; one that is under way ends without a trace."""
    session.delete(run)


def claim(session: Session) -> int | None:
    """Take the oldest run that waits, or that its worker left; None when there is none."""
    now = clock.now()
    free = or_(
        SimulationRun.status == WAITING,
        (SimulationRun.status == RUNNING) & (SimulationRun.lease_until < now),
    )
    for run in session.scalars(select(SimulationRun).where(free).order_by(SimulationRun.id)):
        if run.attempts >= ATTEMPTS:
            run.status, run.problem, run.ended_at = FAILED, "abandoned", now
            continue
        taken = session.execute(
            update(SimulationRun)
            .where(SimulationRun.id == run.id, SimulationRun.attempts == run.attempts, free)
            .values(
                status=RUNNING,
                begun_at=now,
                lease_until=now + LEASE,
                attempts=run.attempts + 1,
            )
        )
        if taken.rowcount:  # type: ignore[attr-defined]
            return run.id
    return None


def carry_out(factory: sessionmaker[Session], run_id: int) -> None:
    """Compute a claimed run and keep what came of it.

    Args:
        factory: makes sessions; each piece of progress is a short transaction.
        run_id: of the run.
    """
    told = _teller(factory, run_id)
    try:
        with factory() as session:
            session.connection(execution_options={"read_only": True})
            run = session.get(SimulationRun, run_id)
            if run is None:
                return
            result = _computed(session, run, told)
    except ChangeRefused as refused:
        _end(factory, run_id, problem=str(refused))
    except (NotPublished, DiagramRefused) as refused:
        _end(factory, run_id, problem=f"refused: {refused}")
    except Exception as error:
        _end(factory, run_id, problem=f"unexpected: {type(error).__name__}")
        raise
    else:
        _end(factory, run_id, result=result)


def _computed(session: Session, run: SimulationRun, told: Progress) -> dict[str, Any]:
    settings = replace(read_query(run.query), version=run.version)
    with ledger(session) as columns:
        if run.kind == CHECK:
            return asdict(direct.check(session, columns, settings, told))
        last = last_check(session, run.process_key, run.version)
        kept = last.result if last is not None and last.asked_at >= clock.now() - FRESH else None
        since = 0.1 if kept else 0.4
        if kept is None:
            kept = asdict(direct.check(session, columns, settings, lambda part: told(part * since)))
        outcome = direct.simulate(
            session, columns, settings, lambda part: told(since + (1 - since) * part)
        )
    return {"outcome": outcome.as_json(), "check": kept}


def _add(
    session: Session, kind: str, process: str, version: int, query: str, by: str | None
) -> SimulationRun:
    run = SimulationRun(
        kind=kind,
        owner=by,
        process_key=process,
        version=version,
        query=query,
        status=WAITING,
        progress=0.0,
        asked_at=clock.now(),
        attempts=0,
        problem="",
    )
    session.add(run)
    session.flush()
    return run


def _teller(factory: sessionmaker[Session], run_id: int) -> Progress:
    """Writes progress and prolongs the lease, at most once a second."""
    last = clock.now() - TELLS

    def told(part: float) -> None:
        nonlocal last
        now = clock.now()
        if now - last < TELLS:
            return
        last = now
        with factory.begin() as session:
            session.execute(
                update(SimulationRun)
                .where(SimulationRun.id == run_id)
                .values(progress=round(part, 3), lease_until=now + LEASE)
            )

    return told


def _end(
    factory: sessionmaker[Session],
    run_id: int,
    result: dict[str, Any] | None = None,
    problem: str = "",
) -> None:
    with factory.begin() as session:
        run = session.get(SimulationRun, run_id)
        if run is None:
            return
        run.status = FAILED if problem else DONE
        run.problem, run.result = problem[:500], result
        run.progress, run.ended_at = 1.0, clock.now()
        if run.kind == WHAT_IF and result and result.get("check"):
            _keep_check(session, run, result["check"])


def _keep_check(session: Session, run: SimulationRun, told: dict[str, Any]) -> None:
    last = last_check(session, run.process_key, run.version)
    if last is not None and last.result == told:
        return
    kept = _add(
        session,
        CHECK,
        run.process_key,
        run.version,
        Settings(run.process_key, run.version).query,
        run.owner,
    )
    kept.status, kept.progress, kept.result = DONE, 1.0, told
    kept.begun_at, kept.ended_at = run.begun_at, run.ended_at
