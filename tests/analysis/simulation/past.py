"""A small process with a planted past: rows as the product writes them.

People ask; one answer in five is “later”, and they ask again after a day; of the others, three in
ten are checked by the product manager. Waiting is exponential around a mean that is told.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.definitions.bundle import Bundle, BundledFile
from broker_crm.definitions.models import (
    ProcessVersion,
    ProcessVersionResource,
    Resource,
    ResourceKind,
)
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessEvent, ProcessInstance, UserTask
from tests.engine.diagrams import diagram, flows, properties, user_task

KEY = "tiny"
DAYS = 200
LATER, CHECKED = 0.2, 0.3
OUTCOMES = ("yes", "no", "later")
TIMER = (
    "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration>"
    "</bpmn:timerEventDefinition>"
)


def tiny() -> bytes:
    """The diagram."""
    asked = properties(standardWorkingDays="1", outcomes="yes,no,later", kind="call")
    body = (
        '<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="again"/>'
        + user_task("ask", extensions=asked)
        + '<bpmn:exclusiveGateway id="held" default="held-rule"/>'
        + f'<bpmn:intermediateCatchEvent id="wait">{TIMER}</bpmn:intermediateCatchEvent>'
        + '<bpmn:exclusiveGateway id="rule" name="Check?" default="rule-e"/>'
        + user_task("check", extensions=properties(standardWorkingDays="2"))
        + '<bpmn:endEvent id="e"/>'
    )
    wires = ("s>again", "again>ask", "ask>held", 'held>wait: =outcome = "later"', "wait>again")
    return diagram(
        body + flows(*wires, "held>rule", "rule>check: =big", "rule>e", "check>e"), process=KEY
    )


class Past:
    """Writes cases.

    Args:
        session: the test commits.
        wait: mean of the waiting in working days, before the last three tenths of the time.
        later: the same in those.
        cases: how many.
        seed: equal seeds write the same.
    """

    def __init__(
        self, session: Session, wait: float, later: float, cases: int = 300, seed: int = 1
    ) -> None:
        self.session = session
        self.chance = random.Random(seed)
        self.calendar = company_calendar(session)
        self.version = self._publish()
        now = clock.now()
        for number in range(cases):
            part = number / cases
            began = now - timedelta(days=DAYS * (1 - part), hours=self.chance.random() * 3)
            self._case(self.calendar.later(began, 1), wait if part < 0.7 else later, now)
        session.flush()

    def _publish(self) -> ProcessVersion:
        file = BundledFile(ResourceKind.DIAGRAM, "tiny.bpmn", tiny())
        bundle = Bundle(KEY, "Tiny", (file,))
        version = ProcessVersion(
            process_key=KEY,
            number=1,
            name="Tiny",
            content_hash=bundle.content_hash,
            published_at=clock.now(),
        )
        self.session.add_all([Resource(hash=file.hash, content=file.content), version])
        self.session.flush()
        self.session.add(
            ProcessVersionResource(
                version_id=version.id, kind=file.kind, name=file.name, resource_hash=file.hash
            )
        )
        return version

    def _case(self, at: datetime, wait: float, now: datetime) -> None:
        case = ProcessInstance(
            id=UUID(int=self.chance.getrandbits(128), version=4),
            version_id=self.version.id,
            first_version_id=self.version.id,
            process_key=KEY,
            title="Byla",
            owner=self.chance.choice(("jonas", "ruta")),
            started_at=at,
            state=b"x",
        )
        self.session.add(case)
        self.session.flush()
        self._event(case, "element-passed", "s", at, "startEvent")
        loop = 0
        while True:
            loop += 1
            self._gateway(case, "again", "again-ask", at)
            outcome = self.chance.choices(OUTCOMES, (0.5, 0.3, LATER))[0]
            done = self._step(case, "ask", case.owner or "", at, wait, loop, outcome)
            if done > now:
                return
            at = done
            self._gateway(case, "held", "held-wait" if outcome == "later" else "held-rule", at)
            if outcome != "later":
                break
            at = self.calendar.later(at, 28_800)
            if at > now:
                return
            self._event(case, "element-passed", "wait", at, "intermediateCatchEvent")
        checked = self.chance.random() < CHECKED
        self._gateway(case, "rule", "rule-check" if checked else "rule-e", at)
        if checked:
            at = self._step(case, "check", "product", at, wait, 1, None)
        if at <= now:
            case.status, case.outcome, case.ended_at = "completed", "over", at
            self._event(case, "instance-completed", None, at, None)

    def _step(
        self,
        case: ProcessInstance,
        element: str,
        person: str,
        at: datetime,
        wait: float,
        loop: int,
        outcome: str | None,
    ) -> datetime:
        started = self.calendar.later(at, round(self.chance.expovariate(1 / wait) * 28_800))
        done = self.calendar.later(started, 600)
        ended = done <= clock.now()
        standard = 1 if element == "ask" else 2
        task = UserTask(
            id=UUID(int=self.chance.getrandbits(128), version=4),
            instance_id=case.id,
            version_id=self.version.id,
            element_id=element,
            step=element,
            name=element,
            assignee=person,
            status="completed" if ended else "open",
            created_at=at,
            started_at=started if ended else None,
            due_at=self.calendar.due_at(at, standard),
            completed_at=done if ended else None,
            completed_by=person if ended else None,
            outcome=outcome if ended else None,
            loop_number=loop,
            standard_working_days=standard,
            standard_minutes=10,
            standard_cost=5,
            actual_minutes=10.0 if ended else None,
        )
        self.session.add(task)
        self._event(case, "task-created", element, at, "userTask")
        if ended:
            self._event(case, "task-completed", element, done, "userTask", outcome=outcome)
        return done

    def _gateway(self, case: ProcessInstance, element: str, flow: str, at: datetime) -> None:
        value = {"flows": [flow]}
        self._event(case, "element-passed", element, at, "exclusiveGateway", value=value)

    def _event(
        self,
        case: ProcessInstance,
        kind: str,
        element: str | None,
        at: datetime,
        element_type: str | None,
        **more: Any,
    ) -> None:
        self.session.add(
            ProcessEvent(
                instance_id=case.id,
                version_id=self.version.id,
                kind=kind,
                at=at,
                element_id=element,
                element_type=element_type,
                **more,
            )
        )
