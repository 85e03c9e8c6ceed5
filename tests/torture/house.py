"""The house that is tormented: people, two processes with reminders, letter, signal, message."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import process
from broker_crm.composition import compose
from broker_crm.crm.models import Client, Product
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.publish import publish_folder
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance
from broker_crm.process.starting import CaseData
from tests.engine.diagrams import diagram, flows
from tests.outreach import bureau
from tests.process.office import reminder_flows, step

PEOPLE = ("rasa", "ruta")
MANAGER = "vadove"
NEWS = "news"
ANSWER = "answer"
PHONE = "+37060000002"
"""Of the salesperson; a letter can't be written without it."""
EARLIER = "Pradžia"
"""A name that the first version of each process has and the second has not."""
THROWN = (
    f'<bpmn:signal id="news" name="{NEWS}" /><bpmn:message id="answer" name="{ANSWER}">'
    '<bpmn:extensionElements><zeebe:subscription correlationKey="=once" />'
    "</bpmn:extensionElements></bpmn:message>"
)
SEND = (
    '<bpmn:sendTask id="send" name="Siųsti laišką"><bpmn:extensionElements>'
    '<zeebe:taskDefinition type="send-letter" /><zeebe:taskHeaders>'
    '<zeebe:header key="letter" value="hello" />'
    '<zeebe:header key="to" value="=recipientEmail" />'
    '<zeebe:header key="language" value="=letterLanguage" />'
    "</zeebe:taskHeaders></bpmn:extensionElements></bpmn:sendTask>"
)
TELLING = (
    '<bpmn:startEvent id="begin" />'
    + step("write")
    + SEND
    + '<bpmn:parallelGateway id="fork" />'
    + step("left")
    + step("right")
    + '<bpmn:parallelGateway id="join" />'
    + '<bpmn:endEvent id="told"><bpmn:signalEventDefinition signalRef="news" /></bpmn:endEvent>'
    + flows("begin>write", "write>send", "send>fork", "fork>left", "fork>right")
    + flows("left>join", "right>join", "join>told")
    + "".join(reminder_flows(name) for name in ("write", "left", "right"))
)
HEARING = (
    '<bpmn:startEvent id="begin" /><bpmn:intermediateCatchEvent id="hear">'
    '<bpmn:signalEventDefinition signalRef="news" /></bpmn:intermediateCatchEvent>'
    + step("act")
    + '<bpmn:intermediateCatchEvent id="wait"><bpmn:messageEventDefinition messageRef="answer" />'
    + "</bpmn:intermediateCatchEvent>"
    + '<bpmn:endEvent id="end" />'
    + flows("begin>hear", "hear>act", "act>wait", "wait>end")
    + reminder_flows("act")
)


def furnish(factory: sessionmaker[Session], folder: Path) -> None:
    """People, a client, a product and both processes, on an empty migrated database."""
    compose()
    bureau.open_bureau(factory, folder)
    for words in (EARLIER, ""):
        for name, body in (("telling", TELLING), ("hearing", HEARING)):
            drawn = body.replace('id="begin"', f'id="begin" name="{words}"')
            (folder / "bpmn" / f"{name}.bpmn").write_bytes(diagram(drawn, THROWN, process=name))
        with factory.begin() as session:
            publish_folder(session, folder)


def other_version(session: Session, instance_id: UUID) -> int:
    """The version of its process that a case is not on."""
    instance = session.get_one(ProcessInstance, instance_id)
    versions = select(ProcessVersion.id).where(
        ProcessVersion.process_key == instance.process_key,
        ProcessVersion.id != instance.version_id,
    )
    return session.scalars(versions).one()


def start(session: Session, key: str, *, tells: bool) -> process.Started:
    """Start a case under a key, for the house's only client."""
    client = session.scalars(select(Client)).one()
    product = session.scalars(select(Product)).one()
    case = CaseData("Byla", client.id, product.id, PEOPLE[0])
    name = "telling" if tells else "hearing"

    def begin() -> process.Started:
        variables = {"owner": PEOPLE[0], "once": key, **bureau.FILLED}
        return process.start(session, name, variables, by=PEOPLE[0], case=case)

    return process.start_once(session, key, {"process": name}, begin, by=PEOPLE[0])


def set_phone(factory: sessionmaker[Session], phone: str | None) -> None:
    """Without it every letter fails and leaves an incident; with it they can be tried again."""
    with factory.begin() as session:
        session.get_one(User, PEOPLE[0]).phone = phone
