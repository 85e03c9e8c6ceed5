"""Carries out the steps of a scenario on its stage: people complete, time passes, timers fire."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.definitions.forms import FormRejected
from broker_crm.engine.errors import RuleFailed
from broker_crm.outreach.deliver import deliver_due
from broker_crm.outreach.models import OutboxEntry, OutboxState
from broker_crm.people.models import User, UserRole
from broker_crm.process import complete, duties, messages, timers
from broker_crm.process.calendars import company_calendar
from broker_crm.process.errors import CommandRefused, FourEyes, ProcessStopped, SubmissionRejected
from broker_crm.process.models import (
    EventSubscription,
    Incident,
    PendingMessage,
    ProcessInstance,
    TaskStatus,
    Timer,
    UserTask,
)
from broker_crm.process.transactions import Command, run_command
from broker_crm.scenarios.errors import ActFailed, Problem
from broker_crm.scenarios.scenario import Act, Do, Fire, Send, Wait
from broker_crm.scenarios.stage import Stage

MOST_TIMERS = 300
"""Moments at which something may fall due during one step."""
STEP = timedelta(minutes=5)
"""How long a step takes whose scenario does not say it."""
ROUNDS = 6
"""Times that workers go round at one moment, so that what follows from something follows, too."""


def act(stage: Stage, instance_id: UUID, what: Act, place: str) -> None:
    """Carry out one step, and what follows from it at once.

    Raises:
        ActFailed: the step can't be carried out, or the process stopped.
    """
    doing = what.what
    if isinstance(doing, Do):
        _do(stage, instance_id, doing, place)
    elif isinstance(doing, Send):
        _send(stage, instance_id, doing, place)
    elif isinstance(doing, Fire):
        _pass_time(stage, _due(stage, instance_id, doing.element, place), place)
    elif isinstance(doing, Wait):
        _pass_time(stage, _end_of(stage, instance_id, doing, place), place)
    work(stage)
    refuse_if_stopped(stage, instance_id, place)


def work(stage: Stage) -> None:
    """What a worker does by itself at this moment."""
    for _round in range(ROUNDS):
        done = sum(duties.carry_out(stage.factory).values())
        if _something_waits(stage):
            done += timers.fire_due_timers(stage.factory).fired
            done += messages.deliver_pending(stage.factory).fired
            done += deliver_due(stage.factory, stage.settings)
        if not done:
            return


def _something_waits(stage: Stage) -> bool:
    """One look instead of a worker's three, which lease what they find."""
    with stage.factory() as session:
        return bool(
            session.scalar(
                select(
                    or_(
                        exists().where(Timer.due_at <= clock.now(), Timer.parked.is_(False)),
                        exists().where(PendingMessage.parked.is_(False)),
                        exists().where(OutboxEntry.state == OutboxState.QUEUED),
                    )
                )
            )
        )


def refuse_if_stopped(stage: Stage, instance_id: UUID, place: str) -> None:
    """Refuse to go on with a case that waits for a manager.

    Raises:
        ActFailed: naming the element.
    """
    with stage.factory() as session:
        incident = session.scalars(
            select(Incident).where(
                Incident.instance_id == instance_id, Incident.resolved_at.is_(None)
            )
        ).first()
    if incident is not None:
        element = incident.element_name or incident.element_id or incident.kind
        raise _failed(place, "stopped", element=element, why=incident.message)


def _do(stage: Stage, instance_id: UUID, doing: Do, place: str) -> None:
    with stage.factory() as session:
        task = _open_task(session, instance_id, doing.step, place)
        people = [doing.by] if doing.by else _who(session, instance_id, task)
    taken = timedelta(minutes=doing.minutes) if doing.minutes else STEP
    _pass_time(stage, stage.clock.now() + taken, place)
    command = Command("complete", instance_id, task_id=task.id, actor=people[0])
    for number, login in enumerate(people):

        def completed(session: Session, by: str = login) -> object:
            return complete(session, task.id, doing.values, by=by, actual_minutes=doing.minutes)

        try:
            run_command(stage.factory, completed, command)
            return
        except FourEyes as error:
            if number + 1 == len(people):
                raise _failed(place, "refused-step", why=error) from error
        except FormRejected as error:
            told = {
                field: [each.message for each in found] for field, found in error.errors.items()
            }
            raise _form_refused(place, told) from error
        except SubmissionRejected as error:
            raise _form_refused(place, dict(error.errors)) from error
        except CommandRefused as error:
            raise _failed(place, "refused-step", why=error) from error
        except (ProcessStopped, RuleFailed) as error:
            refuse_if_stopped(stage, instance_id, place)
            raise _failed(place, "stopped", element=task.name, why=error) from error


def _form_refused(place: str, errors: dict[str, list[str]]) -> ActFailed:
    words = "; ".join(f"{field}: {' '.join(told)}" for field, told in errors.items())
    return ActFailed(Problem(f"{place}.values", "refused-form", {"fields": words}, errors))


def _open_task(session: Session, instance_id: UUID, step: str, place: str) -> UserTask:
    instance = session.get_one(ProcessInstance, instance_id)
    statement = (
        select(UserTask)
        .where(UserTask.instance_id == instance_id, UserTask.status == TaskStatus.OPEN)
        .order_by(UserTask.created_at, UserTask.id)
    )
    there = list(session.scalars(statement))
    for task in there:
        if step in (task.step, task.element_id):
            return task
    if instance.ended_at is not None:
        raise _failed(f"{place}.do", "ended", outcome=instance.outcome or "–")
    names = ", ".join(sorted({task.step for task in there})) or "–"
    raise _failed(f"{place}.do", "not-open", step=step, open=names)


def _who(session: Session, instance_id: UUID, task: UserTask) -> list[str]:
    """Those whose step it is, the likeliest first."""
    if task.assignee is not None:
        return [task.assignee]
    statement = (
        select(User.login)
        .join(UserRole, UserRole.login == User.login)
        .where(UserRole.role == task.candidate_group, User.active)
        .order_by(User.login)
    )
    members = list(session.scalars(statement))
    owner = session.get_one(ProcessInstance, instance_id).owner
    members.sort(key=lambda login: login != owner)
    return members or [owner or "manager"]


def _send(stage: Stage, instance_id: UUID, sending: Send, place: str) -> None:
    with stage.factory() as session:
        statement = select(EventSubscription).where(EventSubscription.instance_id == instance_id)
        waiting = list(session.scalars(statement))
    fitting = [each for each in waiting if each.name == sending.message]
    if not fitting:
        names = ", ".join(sorted({each.name for each in waiting})) or "–"
        raise _failed(f"{place}.send", "nobody-waits", message=sending.message, waiting=names)
    key = sending.key if sending.key is not None else fitting[0].correlation_key

    def sent(session: Session) -> int:
        return messages.send_message(session, sending.message, key, sending.values, by=None)

    command = Command("send-message", instance_id)
    try:
        if not run_command(stage.factory, sent, command):
            raise _failed(f"{place}.key", "nobody-waits", message=sending.message, waiting=key)
    except (ProcessStopped, RuleFailed) as error:
        refuse_if_stopped(stage, instance_id, place)
        raise _failed(place, "stopped", element=sending.message, why=error) from error


def _due(stage: Stage, instance_id: UUID, element: str, place: str) -> datetime:
    waiting = _timers(stage, instance_id)
    for timer in waiting:
        if timer.element_id == element:
            return max(timer.due_at, stage.clock.now())
    names = ", ".join(timer.element_id for timer in waiting) or "–"
    raise _failed(f"{place}.fire", "no-such-timer", element=element, waiting=names)


def _timers(stage: Stage, instance_id: UUID) -> list[Timer]:
    with stage.factory() as session:
        statement = select(Timer).where(Timer.instance_id == instance_id)
        return list(session.scalars(statement.order_by(Timer.due_at, Timer.id)))


def _end_of(stage: Stage, instance_id: UUID, wait: Wait, place: str) -> datetime:
    now = stage.clock.now()
    with stage.factory() as session:
        calendar = company_calendar(session)
    if wait.until is not None:
        until = wait.until.replace(tzinfo=calendar.zone)
        if until < now:
            local = now.astimezone(calendar.zone)
            raise _failed(f"{place}.wait", "backwards", now=f"{local:%Y-%m-%dT%H:%M}")
        return until
    if wait.working_days is not None:
        local = now.astimezone(calendar.zone)
        day = calendar.add_working_days(local.date(), wait.working_days)
        return datetime.combine(day, local.time(), calendar.zone)
    waiting = _timers(stage, instance_id)
    if not waiting:
        raise _failed(f"{place}.wait", "no-timer")
    return max(waiting[0].due_at, now)


def _pass_time(stage: Stage, end: datetime, place: str) -> None:
    """Let time pass to a moment; what falls due on the way happens at its own moment."""
    for _moment in range(MOST_TIMERS):
        moment = _next_moment(stage, end)
        if moment is None:
            stage.clock.set(end)
            return
        stage.clock.set(moment)
        work(stage)
    raise _failed(place, "too-many-timers", limit=MOST_TIMERS)


def _next_moment(stage: Stage, end: datetime) -> datetime | None:
    """The next timer, or the next morning on which duties are looked after."""
    now = clock.now()
    with stage.factory() as session:
        calendar = company_calendar(session)
        due = session.scalar(
            select(Timer.due_at)
            .where(Timer.due_at > now, Timer.parked.is_(False))
            .order_by(Timer.due_at)
            .limit(1)
        )
    local = now.astimezone(calendar.zone)
    morning = datetime.combine(
        calendar.add_working_days(local.date() + timedelta(days=1), 0), local.time(), calendar.zone
    ).replace(hour=8, minute=0, second=0, microsecond=0)
    moments = [moment for moment in (due, morning) if moment is not None and moment < end]
    return min(moments) if moments else None


def _failed(place: str, code: str, **params: object) -> ActFailed:
    return ActFailed(Problem(place, code, params))
