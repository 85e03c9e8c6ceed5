"""Records that a case made or is about, as links beside its page and its tasks."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broker_crm.crm.models import (
    Complaint,
    Contract,
    ContractStatus,
    Endorsement,
    Offer,
    OfferStatus,
    Policy,
    Product,
    Quote,
    RenewalStart,
)
from broker_crm.crm.visibility import may_see_client_id
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance
from broker_crm.web import cases, money
from broker_crm.web.access import may_visit
from broker_crm.web.contract_register import TONES as CONTRACT_TONES
from broker_crm.web.offer_register import TONES as OFFER_TONES
from broker_crm.web.offer_register import state as offer_state
from broker_crm.web.policies import tone
from broker_crm.web.wording import (
    COMPLAINT_STATUS,
    CONTRACT_STATUS,
    POLICY_STATUS,
    word,
)


def links(session: Session, user: User, instance: ProcessInstance) -> list[dict[str, str]]:
    """Product, policies, offers, contracts, quotes and complaint of a case that the user may open.

    Each has a name, an address, a state and its colour.
    """
    found = _product(session, instance)
    if may_visit(user, "policies.show") and may_see_client_id(session, user, instance.client_id):
        found += _policies(session, instance)
        found += _offers(session, instance)
        found += _contracts(session, instance)
    if may_visit(user, "complaints.show"):
        about = session.scalars(select(Complaint).where(Complaint.instance_id == instance.id))
        found += [
            _link(
                _("Complaint %(number)s", number=each.register_number),
                url_for("complaints.show", complaint_id=each.id),
                word(COMPLAINT_STATUS, each.status),
                "",
            )
            for each in about
        ]
    return found


def _product(session: Session, instance: ProcessInstance) -> list[dict[str, str]]:
    product = session.get(Product, instance.product_id) if instance.product_id else None
    if product is None:
        return []
    asked = session.scalars(select(Quote.id).where(Quote.instance_id == instance.id)).all()
    state = ngettext("%(num)s quote", "%(num)s quotes", len(asked)) if asked else ""
    address = url_for("products.show", product_id=product.id)
    return [_link(cases.product_name(product), address, state, "")]


def _policies(session: Session, instance: ProcessInstance) -> list[dict[str, str]]:
    renewed = select(RenewalStart.policy_id).where(RenewalStart.instance_id == instance.id)
    changed = select(Endorsement.policy_id).where(Endorsement.instance_id == instance.id)
    of_case = or_(Policy.instance_id == instance.id, Policy.id.in_(renewed), Policy.id.in_(changed))
    return [
        _link(
            _("Policy %(number)s", number=policy.number),
            url_for("policies.show", policy_id=policy.id),
            word(POLICY_STATUS, policy.status),
            tone(policy),
        )
        for policy in session.scalars(select(Policy).where(of_case).order_by(Policy.starts_on))
    ]


def _offers(session: Session, instance: ProcessInstance) -> list[dict[str, str]]:
    of_case = select(Offer).where(Offer.instance_id == instance.id).order_by(Offer.version.desc())
    found = []
    for offer in session.scalars(of_case):
        premium = money.euros(sum(line.premium for line in offer.lines))
        name = _("Offer, version %(number)s: %(premium)s", number=offer.version, premium=premium)
        address = url_for("offer_register.show", offer_id=offer.id)
        state = offer_state(offer)
        found.append(_link(name, address, state, OFFER_TONES.get(OfferStatus(offer.status), "")))
    return found


def _contracts(session: Session, instance: ProcessInstance) -> list[dict[str, str]]:
    of_case = select(Contract).where(Contract.instance_id == instance.id)
    return [
        _link(
            _("Contract %(number)s", number=each.number or ""),
            url_for("contract_register.show", contract_id=each.id),
            word(CONTRACT_STATUS, each.status),
            CONTRACT_TONES.get(ContractStatus(each.status), ""),
        )
        for each in session.scalars(of_case.order_by(Contract.version.desc()))
    ]


def _link(name: str, address: str, state: str, colour: str) -> dict[str, str]:
    return {"name": name, "address": address, "state": state, "tone": colour}
