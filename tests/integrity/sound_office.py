"""A small brokerage in which everything has happened once, all of it sound."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, process
from broker_crm.crm import merging
from broker_crm.crm.models import (
    Campaign,
    CampaignRecipient,
    Client,
    CommissionAgreement,
    Consent,
    Contract,
    DataRequest,
    Insurer,
    Interaction,
    Offer,
    OfferDeviation,
    OfferLine,
    Policy,
    Product,
    RenewalStart,
    StandardTerms,
)
from broker_crm.crm.policies import instalments_of
from broker_crm.outreach import resending
from broker_crm.outreach.deliver import deliver_due, doubt_expired
from broker_crm.outreach.models import Letter, Notification, OutboxEntry
from broker_crm.process.models import Timer, UserTask
from broker_crm.process.transactions import Command, raise_incident
from broker_crm.settings import load
from tests.outreach import bureau


def live_through(factory: sessionmaker[Session], folder: Path) -> None:
    """One case for each thing that can become of a case, a letter, a timer."""
    bureau.open_bureau(factory, folder)
    sent, ended, doubtful, cancelled = (bureau.begin(factory) for _ in range(4))
    bureau.begin(factory)
    bureau.write(factory, sent)
    deliver_due(factory, load({}))
    bureau.write(factory, ended)
    with factory.begin() as session:
        resending.give_up(session, letter_of(session, ended), by="vadove")
        after = _task(session, ended, "after")
        process.complete(session, after.id, {"outcome": "yes"}, by="rasa")
    bureau.write(factory, doubtful)
    _die_while_sending(factory, doubtful)
    with factory.begin() as session:
        process.cancel(session, cancelled, "Klientas persigalvojo", by="vadove")
    bureau.write(factory, bureau.begin(factory))
    with factory.begin() as session:
        _around(session, sent)
        _business(session, cancelled)
        _protection(session)
        timer = session.scalars(select(Timer).where(Timer.instance_id == sent)).first()
        assert timer is not None
        timer.parked, timer.attempts = True, 3
        arguments = {"timer": str(timer.id)}
        command = Command("fire-timer", sent, task_id=timer.host_task_id, arguments=arguments)
        raise_incident(session, command, ValueError("poisoned"))
    bureau.try_letter(factory, folder)
    bureau.begin(factory)


def letter_of(session: Session, instance_id: UUID) -> UUID:
    return session.scalars(select(Letter.id).where(Letter.instance_id == instance_id)).one()


def _task(session: Session, instance_id: UUID, element: str) -> UserTask:
    wanted = (UserTask.instance_id == instance_id, UserTask.element_id == element)
    return session.scalars(select(UserTask).where(*wanted)).one()


def _die_while_sending(factory: sessionmaker[Session], instance_id: UUID) -> None:
    with factory.begin() as session:
        session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.letter_id == letter_of(session, instance_id))
            .values(
                state="sending",
                lease_token="gone",
                lease_until=clock.now() - timedelta(minutes=1),
                attempts=1,
            )
        )
    doubt_expired(factory)


def _around(session: Session, instance_id: UUID) -> None:
    done = _task(session, instance_id, "write")
    client = session.scalars(select(Client)).one()
    session.add_all(
        [
            Interaction(
                client_id=client.id,
                instance_id=instance_id,
                task_id=done.id,
                kind="call",
                at=clock.now(),
            ),
            Notification(
                login="rasa",
                kind="reminder",
                task_id=done.id,
                instance_id=instance_id,
                created_at=clock.now(),
                dedup_key="1",
            ),
            Consent(
                client_id=client.id,
                channel="email",
                given_at=clock.now(),
                withdrawn_at=clock.now() + timedelta(days=1),
                evidence="",
            ),
        ]
    )


def _protection(session: Session) -> None:
    """A duplicate that was merged, and a request that was answered."""
    now = clock.now()
    client = session.scalars(select(Client).order_by(Client.id)).first()
    assert client is not None
    twin = Client(kind="legal", name="Dvynys", search_name="dvynys", created_at=now)
    request = DataRequest(
        client_id=client.id,
        kind="access",
        requester="Ona",
        channel="email",
        received_on=now.date(),
        due_on=now.date(),
        state="done",
        answer="Išduota",
        registered_at=now,
        registered_by="rasa",
        decided_at=now,
        decided_by="vadove",
    )
    session.add_all([twin, request])
    session.flush()
    merging.merge(session, client.id, twin.id, {}, by="vadove")


def _business(session: Session, instance_id: UUID) -> None:
    """A policy with its renewal, an approved offer, and a campaign's recipient."""
    now = clock.now()
    client = session.scalars(select(Client).order_by(Client.id)).first()
    assert client is not None
    product = session.scalars(select(Product).order_by(Product.id)).first()
    insurer = session.scalars(select(Insurer).order_by(Insurer.id)).first()
    assert product is not None
    insurer = insurer or Insurer(name="Sveikas draudikas")
    session.add(insurer)
    session.flush()
    policy = Policy(
        number="P-1",
        client_id=client.id,
        insurer_id=insurer.id,
        product_id=product.id,
        starts_on=now.date(),
        ends_on=now.date() + timedelta(days=364),
        premium=Decimal(300),
        commission_percent=Decimal(20),
        instalment_count=2,
        created_at=now,
    )
    campaign = Campaign(name="K", product_id=product.id, letter_a="a", created_at=now)
    session.add_all([policy, campaign])
    session.flush()
    session.add_all(instalments_of(policy))
    session.add(RenewalStart(policy_id=policy.id, instance_id=instance_id, at=now))
    session.add(
        CampaignRecipient(
            campaign_id=campaign.id, client_id=client.id, state="started", instance_id=instance_id
        )
    )
    following = Policy(
        number="P-2",
        client_id=client.id,
        insurer_id=insurer.id,
        product_id=product.id,
        starts_on=policy.ends_on + timedelta(days=1),
        ends_on=policy.ends_on + timedelta(days=365),
        premium=Decimal(310),
        commission_percent=Decimal(20),
        sales_type="renewal",
        renewed_from_id=policy.id,
        created_at=now,
    )
    stranger = Client(kind="legal", name="Kitas", search_name="kitas", created_at=now)
    session.add_all([following, stranger])
    session.flush()
    session.add(
        Contract(
            client_id=client.id,
            instance_id=instance_id,
            policy_id=policy.id,
            version=1,
            premium=Decimal(300),
            prepared_at=now,
        )
    )
    session.add_all([*_terms(insurer, product), *_agreements(insurer, product)])
    session.add(
        Offer(
            lines=[_line(product)],
            client_id=client.id,
            instance_id=instance_id,
            version=1,
            status="sent",
            approval_level="product-manager",
            approved_by="vadove",
            approved_at=now,
            sent_at=now,
            prepared_at=now,
        )
    )


def _terms(insurer: Insurer, product: Product) -> list[StandardTerms]:
    """Two periods, one after the other."""
    periods = ((date(2020, 1, 1), date(2020, 12, 31)), (date(2021, 1, 1), None))
    return [
        StandardTerms(
            insurer_id=insurer.id,
            product_id=product.id,
            valid_from=begins,
            valid_to=ends,
            premium_rate=Decimal("0.01"),
            minimum_premium=Decimal(50),
            deductible=Decimal(100),
            commission_percent=Decimal(10),
            maximum_discount_percent=Decimal(5),
        )
        for begins, ends in periods
    ]


def _agreements(insurer: Insurer, product: Product) -> list[CommissionAgreement]:
    """A general one beside two of one product, one after the other."""
    periods = (
        (None, date(2020, 1, 1), None),
        (product.id, date(2020, 1, 1), date(2020, 12, 31)),
        (product.id, date(2021, 1, 1), None),
    )
    return [
        CommissionAgreement(
            insurer_id=insurer.id,
            product_id=product_id,
            percent=Decimal(12),
            valid_from=begins,
            valid_to=ends,
        )
        for product_id, begins, ends in periods
    ]


def _line(product: Product) -> OfferLine:
    """A discount of 10 EUR, and payment in parts that nothing was charged for."""
    discount = OfferDeviation(
        kind="premium",
        standard=Decimal(100),
        offered=Decimal(90),
        difference=Decimal(-10),
        premium_effect=Decimal(10),
        commission_effect=Decimal(1),
    )
    in_parts = OfferDeviation(
        kind="instalments",
        standard=Decimal(1),
        offered=Decimal(4),
        difference=Decimal(3),
        price_percent=Decimal(2),
        premium_effect=Decimal(2),
        commission_effect=Decimal("0.20"),
    )
    return OfferLine(
        product_id=product.id,
        premium=Decimal(90),
        commission_percent=Decimal(10),
        premium_effect=Decimal(10),
        commission_effect=Decimal(1),
        other_premium_effect=Decimal(2),
        other_commission_effect=Decimal("0.20"),
        deviations=[discount, in_parts],
    )
