"""Brings the client of a scenario on the stage, and starts its case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock, process
from broker_crm.crm import campaigns, cases, complaints
from broker_crm.crm.models import (
    Campaign,
    CampaignRecipient,
    Client,
    Consent,
    ContactPerson,
    InsuredObject,
    Insurer,
    Policy,
    Product,
)
from broker_crm.crm.policies import instalments_of
from broker_crm.definitions.forms import FormRejected
from broker_crm.definitions.published import NotPublished, latest_version
from broker_crm.engine.errors import RuleFailed
from broker_crm.people.models import User
from broker_crm.process.errors import CommandRefused
from broker_crm.scenarios.errors import ActFailed, Problem
from broker_crm.scenarios.scenario import ClientTold, PolicyTold, Scenario

NAMES = {
    "legal": "UAB „Bandymas“",
    "natural": "Ona Bandomoji",
    "foreign": "Trial GmbH",
}
EMAIL = "bandymas@klientas.example"
STARTER = "manager"
"""Who starts what no client's salesperson does."""
TOKEN = "trial"  # noqa: S105
"""Correlation key of the recipient's links."""


def begin(session: Session, scenario: Scenario) -> UUID:
    """Write client and policies, and start the case; its id.

    Raises:
        ActFailed: naming the place in the scenario.
    """
    client = _client(session, scenario.client) if scenario.client else None
    product = _product(session, scenario.product, "product") if scenario.product else None
    try:
        return _start(session, scenario, client, product).instance.id
    except NotPublished as error:
        raise _failed("process", "no-process", process=scenario.process) from error
    except RuleFailed as error:
        place = error.element_name or error.element_id
        raise _failed("begins", "stopped", element=place, why=error) from error
    except FormRejected as error:
        raise _failed("complaint", "not-started", why=error) from error
    except CommandRefused as error:
        raise _failed("client", "not-started", why=error) from error


def _start(
    session: Session, scenario: Scenario, client: Client | None, product: Product | None
) -> process.Started:
    needed = cases.needs(session, latest_version(session, scenario.process))
    chosen: dict[str, object] = dict(scenario.variables)
    if client is not None:
        chosen["clientId"] = client.id
    if product is not None:
        chosen["productId"] = product.id
    if needed == "complaint":
        if scenario.complaint is None:
            raise _failed("", "needs", what="complaint")
        told = _complaint(session, scenario.complaint, client)
        return complaints.register(session, told, by="jonas")
    if needed == "campaign":
        if scenario.campaign is None:
            raise _failed("", "needs", what="campaign")
        name = str(scenario.campaign.get("name") or scenario.name)
        return campaigns.create(session, name, product.id if product else None, by="marketing")
    if needed == "recipient":
        if scenario.campaign is None or client is None or product is None:
            raise _failed("", "needs", what="campaign")
        return _recipient(session, scenario, scenario.campaign, client, product)
    if needed == "policy" or client is not None:
        return cases.start_automatically(
            session, scenario.process, chosen, client.owner if client else STARTER
        )
    return process.start(session, scenario.process, chosen, by=STARTER)


def _client(session: Session, told: ClientTold) -> Client:
    if session.get(User, told.owner) is None:
        known = ", ".join(session.scalars(select(User.login).order_by(User.login)))
        raise _failed("client.owner", "no-person", login=told.owner, known=known)
    now = clock.now()
    name = NAMES[told.kind]
    legal = told.kind == "legal"
    client = Client(
        kind=told.kind,
        name=name,
        search_name=name.lower(),
        vip=told.vip,
        status=told.status,
        code="304567893" if legal else None,
        sector=told.sector or ("wholesale" if legal else None),
        staff=told.staff,
        size_band=told.size if told.size is not None else ("small" if legal else ""),
        region=told.region or "Vilnius",
        language=told.language,
        email=EMAIL if told.email else None,
        phone="+37060000001",
        owner=told.owner,
        do_not_contact=told.do_not_contact,
        created_at=now,
    )
    if told.kind != "foreign":
        client.contacts.append(
            ContactPerson(
                first_name="Ona",
                surname="Bandomoji",
                role="director" if legal else "self",
                email=EMAIL if told.email else None,
                phone="+37060000001",
            )
        )
    session.add(client)
    session.flush()
    if told.consent:
        session.add(Consent(client_id=client.id, channel="any", given_at=now, evidence="scenario"))
    for number, policy in enumerate(told.policies):
        _policy(session, client, policy, number)
    session.flush()
    return client


def _policy(session: Session, client: Client, told: PolicyTold, number: int) -> None:
    place = f"client.policies[{number}]"
    product = _product(session, told.product, f"{place}.product")
    statement = select(Insurer).order_by(Insurer.id)
    insurers = {insurer.name: insurer for insurer in session.scalars(statement)}
    if told.insurer is not None and told.insurer not in insurers:
        known = ", ".join(insurers)
        raise _failed(f"{place}.insurer", "no-insurer", insurer=told.insurer, known=known)
    insurer = insurers[told.insurer] if told.insurer else next(iter(insurers.values()))
    covered = None
    if told.object_kind:
        covered = InsuredObject(
            client_id=client.id,
            kind=told.object_kind,
            name="Bandomasis objektas",
            value=_money(told.object_value),
        )
        session.add(covered)
        session.flush()
    policy = Policy(
        number=f"BAND-{number + 1}",
        client_id=client.id,
        insurer_id=insurer.id,
        product_id=product.id,
        object_id=covered.id if covered else None,
        starts_on=told.starts,
        ends_on=told.ends,
        premium=_money(told.premium),
        commission_percent=Decimal(str(told.commission)),
        sum_insured=_money(told.sum_insured),
        deductible=_money(told.deductible),
        instalment_count=told.instalments,
        owner=client.owner,
        created_at=clock.now(),
    )
    session.add(policy)
    session.flush()
    session.add_all(instalments_of(policy))


def _complaint(
    session: Session, told: Mapping[str, Any], client: Client | None
) -> complaints.Registration:
    amount = told.get("claimedAmount")
    insurer = told.get("insurer")
    insurer_id = session.scalar(select(Insurer.id).where(Insurer.name == insurer))
    if insurer is not None and insurer_id is None:
        known = ", ".join(session.scalars(select(Insurer.name).order_by(Insurer.id)))
        raise _failed("complaint.insurer", "no-insurer", insurer=insurer, known=known)
    today = clock.now().date()
    received = told.get("receivedOn")
    return complaints.Registration(
        received_on=date.fromisoformat(received) if isinstance(received, str) else today,
        channel=str(told.get("channel", "email")),
        complainant=client.name if client else NAMES["natural"],
        complainant_email=EMAIL,
        subject=str(told.get("subject", "delay")),
        detail=told.get("detail"),
        description=str(told.get("description", "Bandomasis skundas.")),
        about=str(told.get("about", "us")),
        insurer_id=insurer_id,
        employee=told.get("employee"),
        claimed_amount=_money(amount) if amount is not None else None,
        client_id=client.id if client else None,
        consumer=bool(told.get("consumer", True)),
    )


def _recipient(
    session: Session,
    scenario: Scenario,
    told: Mapping[str, Any],
    client: Client,
    product: Product,
) -> process.Started:
    """The case of one recipient, as a running campaign's wave starts it."""
    campaign = Campaign(
        name=str(told.get("name", "Bandomoji kampanija")),
        product_id=product.id,
        letter_a="campaign-a",
        owner="marketing",
        created_at=clock.now(),
    )
    session.add(campaign)
    session.flush()
    recipient = CampaignRecipient(
        campaign_id=campaign.id, client_id=client.id, variant="A", unsubscribe_token=TOKEN
    )
    session.add(recipient)
    session.flush()
    started = cases.start_automatically(
        session,
        scenario.process,
        {
            **scenario.variables,
            "clientId": client.id,
            "productId": product.id,
            "recipient": {
                "id": recipient.id,
                "variant": str(told.get("variant", "A")),
                "token": TOKEN,
                "link": f"https://crm.example/offers/{TOKEN}",
                "unsubscribeLink": f"https://crm.example/offers/{TOKEN}/unsubscribe",
            },
            "campaign": {
                "id": campaign.id,
                "name": campaign.name,
                "headline": str(told.get("headline", "Bandomasis pasiūlymas")),
                "messageA": str(told.get("messageA", "Siūlome draudimą.")),
                "messageB": str(told.get("messageB", "")),
            },
        },
    )
    recipient.instance_id, recipient.started_at = started.instance.id, clock.now()
    if recipient.state == "waiting":
        recipient.state = "started"
    return started


def _product(session: Session, key: str, place: str) -> Product:
    found = session.scalars(select(Product).where(Product.key == key)).first()
    if found is None:
        known = ", ".join(session.scalars(select(Product.key).order_by(Product.id)))
        raise _failed(place, "no-product", product=key, known=known)
    return found


def _money(amount: object) -> Decimal | None:
    return None if amount is None else Decimal(str(amount))


def _failed(place: str, code: str, **params: object) -> ActFailed:
    return ActFailed(Problem(place, code, params))
