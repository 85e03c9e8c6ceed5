"""One past case, lived through in memory from its start to its end."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

from broker_crm.calendar import OFFICE
from broker_crm.crm import cases, offers
from broker_crm.crm.models import Client, Policy, RenewalStart
from broker_crm.crm.policies import active_policies
from broker_crm.db import new_id
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import form
from broker_crm.engine import state as states
from broker_crm.engine.transition import (
    CreatedTask,
    EventKind,
    HappenedEvent,
    Job,
    Transition,
)
from broker_crm.people.models import Role
from broker_crm.process import jobs, recording
from broker_crm.process.completing import measured, reason_in
from broker_crm.process.jobs import Case, CompletedStep, JobCall
from broker_crm.process.loading import LoadedInstance
from broker_crm.process.models import InstanceStatus, TaskStatus
from broker_crm.process.plain_text import plain
from broker_crm.process.recording import Work
from broker_crm.sample.behaviour import (
    SampleCase,
    acts_at,
    opens_at,
    result,
    takes_minutes,
)
from broker_crm.sample.diagrams import CannotWalk
from broker_crm.sample.entering import enter
from broker_crm.sample.records import CaseRecords
from broker_crm.sample.staff import stand_in
from broker_crm.sample.walking import Walk

if TYPE_CHECKING:
    from broker_crm.sample.written import Office

ASKS_NOBODY = frozenset(
    {
        "record-outcome",
        "update-client",
        "check-permission",
        "gather-renewal-facts",
        "gather-sales-facts",
        "compare-offer",
    }
)
"""Jobs whose own handlers do for written cases too."""


class Unfinished(Exception):
    """The case would still run at the present: the engine has to take it."""


@dataclass(slots=True)
class _HeldTask:
    """A task of the case with what became of it."""

    task: CreatedTask
    row: dict[str, Any]
    created_at: datetime
    started_at: datetime | None = None
    due_at: datetime | None = None
    loop_number: int = 1
    standard_working_days: float | None = None
    standard_cost: float | None = None


@dataclass(slots=True)
class Rows:
    """What waits to be written."""

    instances: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)


class Told:
    """One case while it is lived through."""

    def __init__(
        self, office: Office, case: SampleCase, version: ProcessVersion, policy: Policy | None
    ) -> None:
        self.office = office
        self.case = case
        session = office.session
        client = session.get_one(Client, case.client_id)
        product = office.product(case.product)
        self.records = CaseRecords(session, office.numbers, client.kind)
        self.version = version
        process_case = Case(
            id=new_id(),
            version_id=version.id,
            process_key=version.process_key,
            title=f"{version.name} · {client.name}",
            client_id=client.id,
            product_id=product.id if product else None,
            owner=case.owner,
        )
        self.loaded = LoadedInstance(
            id=process_case.id,
            version_id=version.id,
            process_key=version.process_key,
            status=InstanceStatus.ACTIVE,
            state=b"",
            row_version=0,
            segment=cases.segment(client),
            case=process_case,
        )
        self.traits = cases.traits(client, product)
        asked: dict[str, object] = {"clientId": client.id}
        if product is not None:
            asked["productId"] = product.id
        asked["owner"] = case.owner
        if policy is not None:
            asked["policyId"] = policy.id
        self.policy = policy
        known = policy
        if known is None and product is not None:
            known = next(iter(active_policies(session, client.id, product.id)), None)
        self.variables = cases.start_variables(
            session, version, asked, client, product, case.owner, known
        )
        self.walk = Walk(office.diagram(version.id), office.calendar, self._run_job)
        self.began_by = None if version.process_key == cases.RENEWAL else case.owner
        self.rows = Rows()
        self.commands = 0
        self._tasks: dict[UUID, _HeldTask] = {}
        self._agenda: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._job_events: list[HappenedEvent] = []
        self._openings: Counter[str | None] = Counter()
        self._told_today: set[str] = set()
        self._actor: str | None = self.began_by
        self._before = set(session.new)
        self.started_at = office.clock.now()

    # -- living ------------------------------------------------------------------------------

    def live(self) -> None:
        """From the start to the end of the case."""
        transition = self.walk.start(self.variables)
        self._record(transition, lambda event: _started(event, self.variables))
        while self._agenda and not self.walk.finished:
            at, _order, act = heapq.heappop(self._agenda)
            if at > self.office.end:
                raise Unfinished
            self.office.clock.set(max(at, self.office.clock.now()))
            act()
        if not self.walk.finished:
            raise Unfinished

    def _follow(self, transition: Transition) -> None:
        now = self.office.clock.now()
        for task in transition.created:
            at = acts_at(self.case, task, now, self.office.calendar)
            self._plan(at, lambda task=task: self._complete(task))  # type: ignore[misc]
        for timer in transition.timers:
            self._plan(timer.due_at, lambda timer=timer: self._fire(timer.id))  # type: ignore[misc]

    def _plan(self, at: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), act))

    def _fire(self, timer_id: UUID) -> None:
        self._actor = None
        transition = self.walk.fire(timer_id)
        if transition is not None:
            self._record(transition, lambda event: {})

    def _complete(self, task: CreatedTask) -> None:
        held = self._tasks[task.id]
        if held.row["status"] != TaskStatus.OPEN:
            return
        now = self.office.clock.now()
        by = task.assignee or stand_in(task.candidate_group, self.case.owner)
        minutes = takes_minutes(self.case, task)
        held.started_at = max(held.created_at, now - timedelta(minutes=minutes))
        seen = self.walk.seen_by(task.id)
        values = result(self.case, task, now, seen)
        if task.form_key:
            schema = form(self.office.session, self.version.id, task.form_key)
            chance = self.case.chance("form", task.step, task.loop_number)
            _submitted, accepted = enter(schema, values, seen, self.case, chance, now)
        else:
            accepted = dict(values)
        told = accepted.get(task.outcome_variable)
        outcome, reason = told if isinstance(told, str) else None, reason_in(accepted)
        step = CompletedStep(
            self.office.session,
            self.loaded.case,
            task.id,
            task.step,
            task.element_id,
            outcome,
            reason,
            accepted,
            by,
        )
        self.records.follow(step, self.walk.variables, seen, held.created_at)
        self._actor = by
        transition = self.walk.complete(task.id, accepted)
        held.row.update(
            status=TaskStatus.COMPLETED,
            completed_by=by,
            completed_at=now,
            assignee=by,
            claimed_at=held.created_at,
            started_at=held.started_at,
            outcome=outcome,
            reason=reason,
            actual_minutes=minutes,
        )
        work = self._work()
        facts = measured(work, held, outcome, reason, accepted)
        self._record(
            transition,
            lambda event: facts if event.kind == EventKind.TASK_COMPLETED else {},
        )
        opens = opens_at(self.case, task, now) if task.step in offers.SENT else None
        letter = self.office.letters.newest
        if opens is not None and letter is not None:
            self._plan(opens, lambda: self._open_offer(letter))

    def _open_offer(self, letter: HappenedEvent) -> None:
        if self.records.open_offer():
            self._actor = None
            self._openings[letter.element_id] += 1
            loop = self._openings[letter.element_id]
            opened = replace(letter, kind=EventKind.OFFER_OPENED, loop_number=loop)
            happened = Transition(events=(opened,))
            self.rows.events.extend(recording.event_rows(self._work(), happened, None))

    # -- keeping -----------------------------------------------------------------------------

    def _work(self) -> Work:
        return Work(
            self.office.session,
            self.loaded,
            self._actor,
            self.office.clock.now(),
            self._job_events,
        )

    def _record(
        self, transition: Transition, details: Callable[[HappenedEvent], Mapping[str, object]]
    ) -> None:
        work = self._work()
        self.commands += 1
        for task in transition.created:
            row = recording.task_row(work, task)
            row.update(dict.fromkeys(LATER))
            self.rows.tasks.append(row)
            self._tasks[task.id] = _HeldTask(
                task,
                row,
                work.at,
                None,
                task.due_at,
                task.loop_number,
                task.standards.working_days,
                task.standards.cost,
            )
        for task_id in transition.cancelled:
            self._tasks[task_id].row.update(status=TaskStatus.CANCELLED, completed_at=work.at)
        self.rows.events.extend(recording.event_rows(work, transition, details))
        self._job_events = []
        self.rows.events.extend(self.office.letters.sent_events(work))
        self._follow(transition)

    def keep(self) -> None:
        """Hand the rows over."""
        case, now = self.loaded.case, self.office.clock.now()
        rows = self.office.rows
        rows.instances.append(
            {
                "id": case.id,
                "version_id": case.version_id,
                "first_version_id": case.version_id,
                "process_key": case.process_key,
                "title": case.title,
                "search_title": plain(case.title),
                "search_text": recording.new_words(self._work(), self.rows.events),
                "client_id": case.client_id,
                "product_id": case.product_id,
                "owner": case.owner,
                "status": InstanceStatus.COMPLETED,
                "outcome": case.outcome,
                "reason": case.reason,
                "started_at": self.started_at,
                "started_by": self.began_by,
                "ended_at": now,
                **self.traits,
                "state": states.ended(self.walk.variables, case.id),
                "row_version": self.commands,
            }
        )
        rows.tasks.extend(self.rows.tasks)
        rows.events.extend(self.rows.events)
        rows.records.extend(self.records.rows)
        rows.records.extend(self.office.letters.taken())
        if self.policy is not None:
            rows.records.append(
                RenewalStart(policy_id=self.policy.id, instance_id=case.id, at=self.started_at)
            )

    def forget(self) -> None:
        """Drop what the case added to the session."""
        self.office.letters.taken()
        for added in set(self.office.session.new) - self._before:
            self.office.session.expunge(added)

    # -- jobs --------------------------------------------------------------------------------

    def _run_job(self, job: Job) -> Mapping[str, object]:
        call = JobCall(self.office.session, self.loaded.case, job, self._actor)
        results = jobs.run(call) if job.type in ASKS_NOBODY else self._own(call)
        self._job_events.extend(call.events)
        return results

    def _own(self, call: JobCall) -> Mapping[str, object]:
        kind = call.job.type
        if kind == "issue-policy":
            return self.records.issue(call)
        if kind == "cancel-policy":
            return self.records.cancel(call)
        if kind == "send-letter":
            return self.office.letters.queue(call)
        if kind in {"remind", "escalate"}:
            self._tell(call, kind)
            return {}
        if kind == "keep-dated-lead" and not call.job.variables.get("elsewhereEndsOn"):
            return {}
        if kind == "alert":
            whom = set(self._addressed(str(call.job.headers.get("to"))))
            fresh = self._fresh(f"alert:{call.job.element_id}", whom)
            if fresh:
                call.note(EventKind.ESCALATED, {"to": fresh})
            return {}
        raise CannotWalk(f"the job {kind}")

    def _tell(self, call: JobCall, kind: str) -> None:
        for task_id in call.job.host_instances:
            row = self._tasks[task_id].row
            if kind == "escalate":
                whom = self.office.members("sales-manager")
                event = EventKind.ESCALATED
            else:
                taken = row["assignee"]
                whom = [taken] if taken else self.office.members(row["candidate_group"] or "")
                event = EventKind.REMINDED
            fresh = self._fresh(f"{kind}:{task_id}", set(whom))
            if fresh or not whom:
                call.note(event, {"to": fresh}, task_id=task_id)

    def _fresh(self, about: str, whom: set[str]) -> list[str]:
        day = self.office.clock.now().astimezone(OFFICE).date()
        fresh = [
            login for login in sorted(whom) if f"{about}:{day}:{login}" not in self._told_today
        ]
        self._told_today.update(f"{about}:{day}:{login}" for login in fresh)
        return fresh

    def _addressed(self, to: str) -> Iterator[str]:
        for each in (part.strip() for part in to.split(",")):
            if each == "owner":
                yield self.case.owner
            elif each in set(Role):
                yield from self.office.members(each)
            else:
                yield each


LATER = (
    "claimed_at",
    "started_at",
    "completed_at",
    "completed_by",
    "outcome",
    "reason",
    "actual_minutes",
)
"""Columns of a task that its completion fills in."""


def _started(event: HappenedEvent, variables: Mapping[str, object]) -> Mapping[str, object]:
    return {"value": dict(variables)} if event.kind == EventKind.INSTANCE_STARTED else {}
