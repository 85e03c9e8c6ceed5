"""A small office for tests of the process store: people, a published process, a clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.definitions.publish import publish_folder
from broker_crm.people.models import Role, User, UserRole
from broker_crm.process.models import UserTask
from tests.engine.diagrams import diagram, flows, properties, user_task

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
GROUP = '<zeebe:assignmentDefinition candidateGroups="salesperson" />'
REMINDERS = (
    '<bpmn:boundaryEvent id="{0}Reminder" attachedToRef="{0}" cancelActivity="false">'
    "<bpmn:timerEventDefinition><bpmn:timeCycle>=[before due(1), at due(), after due(1)]"
    "</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:endEvent id="{0}Reminded"><bpmn:extensionElements>'
    '<zeebe:taskDefinition type="remind" /></bpmn:extensionElements>'
    "<bpmn:messageEventDefinition /></bpmn:endEvent>"
    '<bpmn:boundaryEvent id="{0}Late" attachedToRef="{0}" cancelActivity="false">'
    "<bpmn:timerEventDefinition><bpmn:timeDate>=after due(3)</bpmn:timeDate>"
    "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:endEvent id="{0}Escalated"><bpmn:extensionElements>'
    '<zeebe:taskDefinition type="escalate" /></bpmn:extensionElements>'
    "<bpmn:messageEventDefinition /></bpmn:endEvent>"
)


def step(name: str, days: int = 3, outcomes: str = "yes,no", group: str = GROUP) -> str:
    """A user task with a standard, reminders and an escalation."""
    listed = properties(step=name, standardWorkingDays=str(days), outcomes=outcomes)
    return user_task(name, extensions=group + listed) + REMINDERS.format(name)


def reminder_flows(name: str) -> str:
    return flows(f"{name}Reminder>{name}Reminded", f"{name}Late>{name}Escalated")


TWO_CALLS = (
    '<bpmn:startEvent id="begin" />'
    + step("call")
    + '<bpmn:exclusiveGateway id="answer" default="answer-lost" />'
    + step("meet")
    + '<bpmn:endEvent id="lost" /><bpmn:endEvent id="won" />'
    + flows("begin>call", "call>answer", 'answer>meet: =outcome = "yes"', "answer>lost")
    + flows("meet>won")
    + reminder_flows("call")
    + reminder_flows("meet")
)


def add_user(session: Session, login: str, *roles: Role) -> None:
    session.add(
        User(
            login=login,
            name=login.title(),
            email=f"{login}@broker.example",
            session_stamp="1",
            created_at=clock.now(),
            role_rows=[UserRole(role=role) for role in roles],
        )
    )


def publish(factory: sessionmaker[Session], folder: Path, *shared: str, **processes: str) -> None:
    """Publish processes given by their insides; names are file names.

    Args:
        factory: makes sessions.
        folder: for the files.
        shared: signals and messages that each file declares.
        processes: insides by key.
    """
    (folder / "bpmn").mkdir(parents=True, exist_ok=True)
    for name, body in processes.items():
        (folder / "bpmn" / f"{name}.bpmn").write_bytes(diagram(body, *shared, process=name))
    with factory.begin() as session:
        publish_folder(session, folder)


def people(factory: sessionmaker[Session]) -> None:
    with factory.begin() as session:
        add_user(session, "jonas", Role.SALESPERSON)
        add_user(session, "ruta", Role.SALESPERSON)
        add_user(session, "manager", Role.SALES_MANAGER)
        add_user(session, "product", Role.PRODUCT_MANAGER)
        add_user(session, "designer", Role.DESIGNER)


def open_tasks(factory: sessionmaker[Session], instance_id: UUID) -> list[UserTask]:
    with factory() as session:
        statement = select(UserTask).where(
            UserTask.instance_id == instance_id, UserTask.status == "open"
        )
        return list(session.scalars(statement))


def rows(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
