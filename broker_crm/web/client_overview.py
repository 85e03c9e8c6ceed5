"""The client's page: open tasks, policies, offers, contracts, claims, leads, sums."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import (
    Claim,
    Client,
    Contract,
    DatedLead,
    Instalment,
    InsuredObject,
    Insurer,
    Offer,
    OfferStatus,
    Policy,
    PolicyStatus,
    Product,
)
from broker_crm.crm.policies import today
from broker_crm.people.models import User
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import TaskStatus, UserTask
from broker_crm.process.rights import visible_tasks
from broker_crm.web import (
    cases,
    contract_register,
    money,
    offer_register,
    policies,
    policy_parts,
    staff,
    times,
)
from broker_crm.web.wording import ROLES, word

LATEST = 50


def view(session: Session, user: User, client: Client) -> dict[str, object]:
    """What the page shows of the client's business; the caller checks whose client it is."""
    return {
        "tasks": _tasks(session, user, client),
        "policies": _policies(session, client),
        "offers": _offers(session, client),
        "contracts": [
            contract_register.row(contract, client)
            for contract in session.scalars(
                select(Contract)
                .where(Contract.client_id == client.id)
                .order_by(Contract.prepared_at.desc(), Contract.id.desc())
                .limit(LATEST)
            )
        ],
        "claims": policy_parts.claim_rows(session, Claim.client_id == client.id),
        "leads": _leads(session, client),
        "figures": _figures(session, client),
    }


def _tasks(session: Session, user: User, client: Client) -> list[dict[str, object]]:
    calendar = company_calendar(session)
    found = session.scalars(
        select(UserTask)
        .where(
            UserTask.client_id == client.id,
            UserTask.status == TaskStatus.OPEN,
            visible_tasks(user),
        )
        .order_by(UserTask.due_at.is_(None), UserTask.due_at)
        .limit(LATEST)
    )
    return [
        {
            "id": task.id,
            "name": cases.task_name(session, task),
            "process": cases.process_name(session, task.version_id),
            "due": times.due(task.due_at, calendar),
            "who": staff.name(session, task.assignee)
            or (word(ROLES, task.candidate_group) if task.candidate_group else "–"),
        }
        for task in found
    ]


def _policies(session: Session, client: Client) -> list[dict[str, object]]:
    """Those in force in front, the first to end first; then the others, the last to end first."""
    rows = session.execute(
        select(Policy, Product, Insurer, InsuredObject)
        .join(Product, Product.id == Policy.product_id)
        .join(Insurer, Insurer.id == Policy.insurer_id)
        .outerjoin(InsuredObject, InsuredObject.id == Policy.object_id)
        .where(Policy.client_id == client.id)
        .order_by(Policy.ends_on.desc(), Policy.id)
        .limit(4 * LATEST)
    ).all()
    in_force = [each for each in rows if each[0].status == PolicyStatus.ACTIVE]
    others = [each for each in rows if each[0].status != PolicyStatus.ACTIVE]
    return [
        policies.row(policy, client, product, insurer, insured)
        for policy, product, insurer, insured in (*reversed(in_force), *others)
    ]


def _offers(session: Session, client: Client) -> list[dict[str, object]]:
    found = session.scalars(
        select(Offer)
        .where(Offer.client_id == client.id, Offer.status != OfferStatus.REPLACED)
        .order_by(Offer.prepared_at.desc(), Offer.id.desc())
        .limit(LATEST)
    )
    return [offer_register.row(session, offer, client) for offer in found]


def _leads(session: Session, client: Client) -> list[dict[str, str]]:
    found = session.execute(
        select(DatedLead, Product)
        .join(Product, Product.id == DatedLead.product_id)
        .where(DatedLead.client_id == client.id, DatedLead.taken_up_by.is_(None))
        .order_by(DatedLead.ends_on)
        .limit(LATEST)
    )
    return [
        {
            "product": cases.product_name(product),
            "insurer": lead.insurer_name or "–",
            "ends": times.day(lead.ends_on),
        }
        for lead, product in found
    ]


def _figures(session: Session, client: Client) -> list[tuple[str, str]]:
    """Policies in force, their yearly premium and commission, what is overdue, claims paid."""
    in_force: ColumnElement[bool] = and_(
        Policy.client_id == client.id, Policy.status == PolicyStatus.ACTIVE
    )
    count, premium, commission = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(Policy.premium), 0),
            func.coalesce(func.sum(Policy.premium * Policy.commission_percent / 100), 0),
        ).where(in_force)
    ).one()
    unpaid = session.scalar(
        select(func.sum(Instalment.amount - func.coalesce(Instalment.paid_amount, 0)))
        .join(Policy, Policy.id == Instalment.policy_id)
        .where(
            in_force,
            Instalment.due_on < today(),
            or_(
                Instalment.paid_amount.is_(None),
                Instalment.paid_amount < Instalment.amount,
            ),
        )
    )
    claims, paid = session.execute(
        select(func.count(), func.coalesce(func.sum(Claim.paid), 0)).where(
            Claim.client_id == client.id
        )
    ).one()
    figures = []
    if count:
        text = ngettext("%(num)s policy in force", "%(num)s policies in force", count)
        figures += [
            (text, money.euros(Decimal(premium))),
            (_("Our commission"), money.euros(Decimal(commission))),
        ]
    if unpaid:
        figures.append((_("Overdue instalments"), money.euros(Decimal(unpaid))))
    if claims:
        text = ngettext("%(num)s claim, paid out", "%(num)s claims, paid out", claims)
        figures.append((text, money.euros(Decimal(paid))))
    return figures
