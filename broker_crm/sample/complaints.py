"""Sample complaints: a register with answers in time and late, and a cluster about delays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.calendar import OFFICE
from broker_crm.crm.complaints import COMPLAINT, Registration, register
from broker_crm.crm.models import Client, Insurer, Policy, Product
from broker_crm.process.calendars import company_calendar
from broker_crm.process.starting import Started
from broker_crm.sample.behaviour import SampleCase
from broker_crm.sample.chance import stream
from broker_crm.sample.lived import Begin, Simulation

COMPLAINTS = 34
PAST_DAYS = 400
RECENT_OF = 7
"""One of so many came in during the last weeks and is under way."""


@dataclass(frozen=True, slots=True)
class Told:
    subject: str
    detail: str | None
    about: str
    text: str
    text_en: str
    employee: str | None = None
    weight: int = 1


STORIES = (
    Told("delay", "advice", "us",
         "Įmonės turto pasiūlymo laukėme daugiau nei dvi savaites: sakė, kad dar netvirtina "
         "produkto vadovas.",
         "We waited more than two weeks for the property offer: it was not approved.",
         employee="gintaras", weight=9),
    Told("delay", "policy-document", "us",
         "Turto polisą gavome tik po įsigaliojimo datos, banke kilo klausimų.",
         "The property policy arrived after the day on which cover began.",
         employee="gintaras", weight=4),
    Told("service-quality", "premium", "us",
         "Sąskaitoje nurodyta kita įmoka negu pasiūlyme.",
         "The invoice shows another premium than the offer.", weight=4),
    Told("service-quality", "conduct", "us",
         "Vadybininkas du kartus neperskambino sutartu laiku.",
         "The broker did not call back twice as agreed.", employee="tomas", weight=3),
    Told("service-quality", "advice", "us",
         "Nebuvo paaiškinta, kad išskaita taikoma kiekvienam įvykiui.",
         "Nobody explained that the deductible applies to every event.", weight=3),
    Told("product-quality", "claim-handling", "insurer",
         "Draudikas sumažino išmoką ir nepaaiškino kodėl.",
         "The insurer reduced the payment without reasons.", weight=4),
    Told("service-quality", "marketing", "us",
         "Gavau reklaminį laišką, nors prašiau nesikreipti.",
         "I got an advertising letter although I had asked not to be contacted.", weight=2),
    Told("product-quality", "fees", "us",
         "Nutraukus sutartį grąžinta mažiau negu tikėjausi.",
         "Less was refunded at cancellation than expected.", weight=2),
)  # fmt: skip


def plan(session: Session, simulation: Simulation, end: datetime, share: float) -> None:
    """Plan the registrations.

    Args:
        session: for reading.
        simulation: that lives them.
        end: the present.
        share: of the usual number.
    """
    calendar = company_calendar(session)
    property_id = session.scalar(select(Product.id).where(Product.key == "property"))
    insurer_id = session.scalar(select(Insurer.id).order_by(Insurer.id).limit(1))
    for number in range(max(3, round(COMPLAINTS * min(share, 3)))):
        chance = stream("complaint", number)
        story = chance.choices(STORIES, [each.weight for each in STORIES])[0]
        held = (
            select(Policy.client_id, Policy.id)
            .join(Client, Client.id == Policy.client_id)
            .where(Client.id <= 200, Client.do_not_contact.is_(False))
            .order_by(Policy.client_id, Policy.id)
        )
        about_property = held.where(Policy.product_id == property_id)
        found = session.execute(about_property if story.subject == "delay" else held).all()
        found = found or session.execute(held).all()
        if not found:
            continue
        client_id, policy_id = chance.choice(found)
        client = session.get_one(Client, client_id)
        days = chance.randint(30, PAST_DAYS) if number % RECENT_OF else chance.randint(2, 16)
        near = (end - timedelta(days=days)).astimezone(OFFICE).date()
        day = calendar.add_working_days(near, 0)
        at = datetime.combine(day, time(9), OFFICE) + timedelta(minutes=chance.randint(5, 400))
        english = client.language == "en"
        told = Registration(
            received_on=day,
            channel=chance.choice(("email", "email", "phone", "letter", "web")),
            complainant=_complainant(client),
            complainant_email=client.email or "rastine@pastas.example",
            subject=story.subject,
            detail=story.detail,
            description=story.text_en if english else story.text,
            about=story.about,
            insurer_id=insurer_id if story.about == "insurer" else None,
            employee=story.employee,
            claimed_amount=Decimal(chance.choice((0, 0, 50, 120, 300, 800))),
            client_id=client.id,
            policy_id=policy_id,
            language=client.language,
            consumer=client.kind == "natural",
        )
        case = SampleCase(
            key=f"C{number:03d}",
            process=COMPLAINT,
            client_id=client.id,
            kind=client.kind,
            vip=client.vip,
            email=client.email,
            language=client.language,
            owner="complaints",
            traits={"subject": story.subject, "salesperson": _mends(client, story)},
        )
        by = chance.choice(("asta", client.owner or "jonas", "complaints"))
        simulation.begin(at, case, _registers(told, by))


def _registers(told: Registration, by: str) -> Begin:
    def begin(session: Session) -> Started:
        return register(session, told, by=by)

    return begin


def _mends(client: Client, story: Told) -> str:
    """Who sees to the remedy: the client's salesperson, unless the complaint is about that one."""
    owner = client.owner or "jonas"
    return "manager" if owner == story.employee else owner


def _complainant(client: Client) -> str:
    if client.kind == "natural" or not client.contacts:
        return client.name
    contact = client.contacts[0]
    return f"{contact.first_name} {contact.surname} ({client.name})"[:200]
