"""Finding clients, who may see them, permission to contact, and starting cases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock, process
from broker_crm.crm import clients, notes
from broker_crm.crm.cases import CaseRejected, start_case
from broker_crm.crm.models import Client, Consent, Interaction, Product
from broker_crm.people.models import User
from broker_crm.process.errors import NotAllowed
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.sample.peculiar import DUPLICATES

SALE = "new-client-sale"


def consenting(session: Session) -> Client:
    return session.scalars(
        select(Client)
        .join(Consent, Consent.client_id == Client.id)
        .where(Client.kind == "legal", Client.owner.is_not(None), Client.do_not_contact.is_(False))
        .order_by(Client.id)
    ).first() or pytest.fail("The sample has no client who may be contacted.")


def product(session: Session) -> Product:
    return session.scalars(select(Product).where(Product.key == "liability")).one()


def test_search_ignores_accents_and_case_and_takes_signs_as_they_are(office: Session) -> None:
    manager = office.get_one(User, "manager")
    found = clients.search_clients(office, "ZEMAITIJOS", manager)
    assert found and all("žemaitijos" in client.name.lower() for client in found)
    first, *_others, last = found[0].name.split()
    assert found[0] in clients.search_clients(office, f"{last.upper()}  {first}", manager)
    for text in ("%", "_", "100%", "\\", "' or 1=1 --"):
        assert clients.search_clients(office, text, manager) == []


def test_salespeople_find_their_own_clients_and_those_of_nobody(office: Session) -> None:
    jonas = office.get_one(User, "jonas")
    found = clients.search_clients(office, "", jonas, limit=500)
    assert {client.owner for client in found} <= {"jonas", None}
    everybody = clients.search_clients(office, "", office.get_one(User, "manager"), limit=500)
    assert len(everybody) == 200 + DUPLICATES > len(found)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"clientId": 999_999}, "clientId"),
        ({"clientId": "1"}, "clientId"),
        ({"clientId": True}, "clientId"),
        ({"productId": 999_999}, "productId"),
        ({"productId": "liability"}, "productId"),
        ({"owner": "nobody"}, "owner"),
        ({"owner": 7}, "owner"),
    ],
)
def test_a_case_is_refused_by_field(
    office: Session, changes: dict[str, object], field: str
) -> None:
    client = consenting(office)
    variables = {"clientId": client.id, "productId": product(office).id, **changes}
    with pytest.raises(CaseRejected) as refused:
        start_case(office, SALE, variables, by="manager")
    assert set(refused.value.errors) == {field}
    assert office.scalars(select(ProcessInstance)).all() == []


def test_designers_start_no_sales(office: Session) -> None:
    variables = {"clientId": consenting(office).id, "productId": product(office).id}
    with pytest.raises(NotAllowed):
        start_case(office, SALE, variables, by="designer")


@pytest.mark.parametrize("why", ["withdrawn", "never given", "do not contact"])
def test_without_permission_the_sale_ends_before_the_first_letter(
    office: Session, why: str
) -> None:
    client = consenting(office)
    client.status = "prospect"
    for consent in office.scalars(select(Consent).where(Consent.client_id == client.id)):
        if why == "withdrawn":
            consent.withdrawn_at = clock.now() - timedelta(days=1)
        elif why == "never given":
            office.delete(consent)
    client.do_not_contact = why == "do not contact"
    office.flush()
    started = start_case(
        office, SALE, {"clientId": client.id, "productId": product(office).id}, by="manager"
    )
    office.flush()
    instance = office.get_one(ProcessInstance, started.instance.id)
    assert not started.tasks and instance.outcome == "not-permitted"


def test_steps_show_colleagues_notes_on_the_product_and_the_clients_history(
    office: Session,
) -> None:
    client, sold = consenting(office), product(office)
    other = office.scalars(
        select(Client).where(Client.kind == client.kind, Client.id != client.id)
    ).first()
    assert other is not None
    for person, about, text in (
        ("jonas", other, "Patiko."),
        (client.owner, other, "Mano paties."),
        ("jonas", client, "Senas pokalbis."),
    ):
        office.add(
            Interaction(
                client_id=about.id,
                product_id=sold.id,
                kind="call",
                at=clock.now() - timedelta(days=30),
                author=person,
                reaction="positive",
                text=text,
            )
        )
    office.flush()
    started = start_case(
        office, SALE, {"clientId": client.id, "productId": sold.id}, by=client.owner or ""
    )
    found = notes.of_colleagues(office, client, sold.id, reader=client.owner or "")
    expected = ["Patiko."] if client.owner != "jonas" else []
    assert [note.text for note, _client in found] == expected
    history = notes.of_client(office, client.id, besides=started.instance.id)
    assert [note.text for note in history] == ["Senas pokalbis."]


def test_a_call_leaves_a_note_with_the_case(office: Session) -> None:
    client = consenting(office)
    started = start_case(
        office, SALE, {"clientId": client.id, "productId": product(office).id}, by="manager"
    )
    owner = client.owner or ""
    process.complete(office, started.tasks[0].id, {"introLetterOutcome": "no-email"}, by=owner)
    call = office.scalars(select(UserTask).where(UserTask.step == "first-call")).one()
    values = {"firstCallOutcome": "interested", "reaction": "neutral", "notes": "Palygins."}
    process.complete(office, call.id, values, by=owner)
    (note,) = notes.of_case(office, started.instance.id)
    assert (note.kind, note.reaction, note.text) == ("call", "neutral", "Palygins.")
    assert (note.author, note.client_id, note.task_id) == (owner, client.id, call.id)
