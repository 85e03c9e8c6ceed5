"""A small brokerage for tests of letters: one client, one product, a process with one letter."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, process
from broker_crm.crm.models import Client, ContactPerson, Product
from broker_crm.definitions.publish import publish_folder
from broker_crm.outreach.models import Letter, OutboxEntry
from broker_crm.people.models import Role, User
from broker_crm.process import experiments
from broker_crm.process.models import UserTask
from broker_crm.process.starting import CaseData
from tests.engine.diagrams import diagram, flows
from tests.process.office import add_user, reminder_flows, step
from tests.word_files import word_file

LETTER = """Subject: {{ product.name }} – {{ client.name }}

{{ greeting }}

kaina **{{ premium }} EUR**, galioja iki {{ validUntil }}. {{ note }}

| | |
|---|---|
| Objektas | {{ insuredObject }} |

- pirma
- antra

{{ salesperson.name }}, {{ salesperson.phone }}
"""
ENGLISH = (
    "Subject: {{ product.nameEn }}\n\n{{ greeting }}\n\nEUR {{ premium }}, {{ validUntil }}.\n"
)
OFFER = word_file("Klientas: {{ client.name }}, {{ today }}.", heading="Draudimo pasiūlymas")
ENGLISH_OFFER = word_file("Client: {{ client.name }}, {{ today }}.", heading="Insurance offer")
FILLED = {
    "premium": 1234.5,
    "validUntil": "2026-12-24",
    "note": "Iki!",
    "insuredObject": "Sandėlis",
    "recipientEmail": "jonas.petraitis@klientas.example",
    "letterLanguage": "lt",
}


SHORTER = "Subject: {{ client.name }}\n\n{{ greeting }}\n\nKaina {{ premium }} EUR.\n"


def letter_process(element: str = "sendTask") -> bytes:
    """A step, then a letter with the offer attached."""
    send = (
        f'<bpmn:{element} id="send" name="Siųsti laišką"><bpmn:extensionElements>'
        '<zeebe:taskDefinition type="send-letter" /><zeebe:taskHeaders>'
        '<zeebe:header key="letter" value="hello" />'
        '<zeebe:header key="to" value="=recipientEmail" />'
        '<zeebe:header key="language" value="=letterLanguage" />'
        '<zeebe:header key="attach" value="offer" />'
        f"</zeebe:taskHeaders></bpmn:extensionElements></bpmn:{element}>"
    )
    body = (
        '<bpmn:startEvent id="begin" />'
        + step("write")
        + send
        + step("after")
        + '<bpmn:endEvent id="end" />'
        + flows("begin>write", "write>send", "send>after", "after>end")
        + reminder_flows("write")
        + reminder_flows("after")
    )
    return diagram(body, process="letters")


def open_bureau(factory: sessionmaker[Session], root: Path) -> None:
    """People, a client, a product and the published process."""
    for folder in ("bpmn", "forms/letters", "forms/documents", "forms/scripts"):
        (root / folder).mkdir(parents=True)
    (root / "bpmn" / "letters.bpmn").write_bytes(letter_process())
    for name, text in (
        ("letters/hello.lt.md", LETTER),
        ("letters/hello.en.md", ENGLISH),
    ):
        (root / "forms" / name).write_text(text)
    (root / "forms/documents/offer.lt.docx").write_bytes(OFFER)
    (root / "forms/documents/offer.en.docx").write_bytes(ENGLISH_OFFER)
    with factory.begin() as session:
        add_user(session, "rasa", Role.SALESPERSON)
        add_user(session, "ruta", Role.SALESPERSON)
        add_user(session, "vadove", Role.SALES_MANAGER)
        session.flush()
        session.get_one(User, "rasa").phone = "+37060000002"
        session.add(
            Client(
                kind="legal",
                name="UAB „Bandymas“",
                search_name="uab bandymas",
                owner="rasa",
                email="info@klientas.example",
                phone="+37060000001",
                created_at=clock.now(),
                contacts=[
                    ContactPerson(
                        first_name="Jonas",
                        surname="Petraitis",
                        email="jonas.petraitis@klientas.example",
                    )
                ],
            )
        )
        session.add(
            Product(key="property", name="Turto draudimas", name_en="Property", complexity="B")
        )
        publish_folder(session, root)


def begin(factory: sessionmaker[Session], **changes: object) -> UUID:
    """Start the process for the client; the step before the letter is open."""
    with factory.begin() as session:
        client = session.scalars(select(Client).order_by(Client.id)).first()
        product = session.scalars(select(Product)).one()
        case = CaseData("Laiškas – UAB „Bandymas“", client.id, product.id, "rasa")
        variables = {"owner": "rasa", **FILLED, **changes}
        started = process.start(session, "letters", variables, by="rasa", case=case)
        return started.instance.id


def write(factory: sessionmaker[Session], instance_id: UUID) -> None:
    """Complete the step before the letter."""
    with factory.begin() as session:
        task = session.scalars(
            select(UserTask).where(
                UserTask.instance_id == instance_id, UserTask.element_id == "write"
            )
        ).one()
        process.complete(session, task.id, {"outcome": "yes"}, by="rasa")


def queued(factory: sessionmaker[Session]) -> tuple[Letter, OutboxEntry]:
    """The only letter and its place in the outbox."""
    with factory() as session:
        return session.scalars(select(Letter)).one(), session.scalars(select(OutboxEntry)).one()


def try_letter(factory: sessionmaker[Session], root: Path) -> UUID:
    """An experiment on the letter: half of the new cases get a shorter one."""
    (root / "forms/letters/hello.lt.md").write_text(SHORTER)
    with factory.begin() as session:
        (newer,) = publish_folder(session, root)
        plan = experiments.Plan(
            process_key="letters",
            name="A shorter letter",
            hypothesis="Shorter letters are answered sooner",
            compared="letter",
            template_key="hello",
            version_a_id=newer.id - 1,
            version_b_id=newer.id,
            measure="cycle",
            horizon_days=10,
            smallest_difference=1.0,
        )
        expected = experiments.Expected(5.0, 3.0, 100, 4.0, 300)
        made = experiments.plan(session, plan, expected, by="vadove", seed="letters")
        return experiments.start_experiment(session, made.id, by="vadove").id
