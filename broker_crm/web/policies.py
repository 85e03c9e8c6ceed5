"""Policies: the register, and one policy with its money, covers, changes, claims and cases."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm import policy_register
from broker_crm.crm.models import (
    Claim,
    Client,
    Contract,
    Document,
    Endorsement,
    InsuredObject,
    Insurer,
    Policy,
    PolicyStatus,
    Product,
    RenewalStart,
)
from broker_crm.crm.policies import today
from broker_crm.crm.visibility import may_see_client_id
from broker_crm.definitions.forms import FormRejected
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance
from broker_crm.process.rights import visible_instances
from broker_crm.web import cases, database, files, money, paging, policy_parts, times
from broker_crm.web.errors import NotFound
from broker_crm.web.register_forms import told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import COVER, POLICY_STATUS, word

PERIODS = (30, 60, 90)
"""Days within which a policy may be asked to end."""
SOON = 60
TONES = {PolicyStatus.ACTIVE: "good", PolicyStatus.CANCELLED: "late"}

blueprint = Blueprint("policies", __name__)


@blueprint.get("/policies")
def listing() -> ResponseReturnValue:
    session, start = database.current(), paging.offset()
    wanted = policy_register.Filter(
        text=paging.search_text(),
        status=paging.chosen("status", POLICY_STATUS),
        insurer_id=paging.number("insurer"),
        product_id=paging.number("product"),
        ends_within=paging.number("ends"),
    )
    found = policy_register.policies(session, person(), wanted, start=start, limit=paging.PAGE + 1)
    view = {
        "wanted": wanted,
        "narrowed": bool(request.args),
        "rows": [row(*each) for each in found[: paging.PAGE]],
        "statuses": POLICY_STATUS.items(),
        "insurers": session.execute(select(Insurer.id, Insurer.name).order_by(Insurer.name)).all(),
        "products": [
            (each.id, cases.product_name(each))
            for each in session.scalars(select(Product).order_by(Product.name))
        ],
        "periods": [(days, _("within %(days)s days", days=days)) for days in PERIODS],
        **paging.pages(start, len(found) > paging.PAGE),
    }
    return render_template("policies.html", view=view)


@blueprint.get("/policies/<int:policy_id>")
def show(policy_id: int) -> ResponseReturnValue:
    session, user = database.current(), person()
    policy = _known(policy_id)
    before, after = policy_register.chain(session, policy)
    product = session.get_one(Product, policy.product_id)
    view = {
        "id": policy.id,
        "number": policy.number,
        "client": session.get_one(Client, policy.client_id),
        "product": product,
        "product_name": cases.product_name(product),
        "insurer": session.get_one(Insurer, policy.insurer_id),
        "status": word(POLICY_STATUS, policy.status),
        "tone": tone(policy),
        "ending": _ending(policy),
        "facts": policy_parts.facts(session, policy),
        "object": policy_parts.insured_object(session, policy),
        "not_renewable": policy.not_renewable,
        "non_renewal_reason": policy.non_renewal_reason or "",
        "before": before,
        "after": after,
        "covers": [
            {
                "name": word(COVER, cover.cover),
                "sum": money.euros(cover.sum_insured),
                "deductible": money.euros(cover.deductible),
            }
            for cover in policy.covers
        ],
        "instalments": policy_parts.instalments(session, policy),
        "endorsements": policy_parts.endorsements(session, policy),
        "claims": policy_parts.claim_rows(session, Claim.policy_id == policy.id),
        "cases": _cases(session, user, policy),
        "contracts": session.scalars(
            select(Contract).where(Contract.policy_id == policy.id).order_by(Contract.id.desc())
        ).all(),
        "files": {"rows": files.rows(session, user, _files(session, user, policy))},
        "may_start": policy.status == PolicyStatus.ACTIVE,
    }
    return render_template("policy.html", view=view)


@blueprint.post("/policies/<int:policy_id>/renewal")
def mark(policy_id: int) -> ResponseReturnValue:
    _known(policy_id)
    renewable = request.form.get("renewable") == "yes"
    reason = request.form.get("reason", "")[:300]
    database.reread()
    try:
        with database.writing() as session:
            policy = session.get_one(Policy, policy_id, with_for_update=True)
            policy_register.mark_renewable(policy, renewable=renewable, reason=reason)
    except FormRejected as refusal:
        flash(" ".join(message for found in told(refusal).values() for message in found), "bad")
        return redirect(url_for("policies.show", policy_id=policy_id), 303)
    done = _("The policy will be renewed.") if renewable else _("The policy will not be renewed.")
    flash(done, "good")
    return redirect(url_for("policies.show", policy_id=policy_id), 303)


def _known(policy_id: int) -> Policy:
    session = database.current()
    policy = session.get(Policy, policy_id)
    if policy is None or not may_see_client_id(session, person(), policy.client_id):
        raise NotFound
    return policy


def row(
    policy: Policy,
    client: Client | None,
    product: Product,
    insurer: Insurer,
    insured: InsuredObject | None = None,
) -> dict[str, object]:
    """One policy in a listing."""
    return {
        "id": policy.id,
        "number": policy.number,
        "client": client,
        "product": cases.product_name(product),
        "insurer": insurer.name,
        "object": policy_parts.object_name(insured),
        "starts": times.day(policy.starts_on),
        "ends": times.day(policy.ends_on),
        "soon": _ending(policy),
        "premium": money.euros(policy.premium),
        "status": word(POLICY_STATUS, policy.status),
        "tone": tone(policy),
    }


def tone(policy: Policy) -> str:
    """Colour of the policy's state."""
    return TONES.get(PolicyStatus(policy.status), "")


def _ending(policy: Policy) -> str:
    left = (policy.ends_on - today()).days
    if policy.status != PolicyStatus.ACTIVE or not 0 <= left <= SOON:
        return ""
    return _("ends in %(days)s d.", days=left) if left else _("ends today")


def _cases(session: Session, user: User, policy: Policy) -> list[dict[str, object]]:
    ids = [policy.instance_id] if policy.instance_id else []
    ids += session.scalars(
        select(RenewalStart.instance_id).where(RenewalStart.policy_id == policy.id)
    )
    ids += session.scalars(
        select(Endorsement.instance_id).where(
            Endorsement.policy_id == policy.id, Endorsement.instance_id.is_not(None)
        )
    )
    found = session.scalars(
        select(ProcessInstance)
        .where(ProcessInstance.id.in_(ids), visible_instances(user))
        .order_by(ProcessInstance.started_at.desc())
    )
    return [cases.row(session, case, None) for case in found]


def _files(session: Session, user: User, policy: Policy) -> list[Document]:
    """Files of the case in which the policy was sold, for those who see the case."""
    of_case = (
        select(Document)
        .join(ProcessInstance, ProcessInstance.id == Document.instance_id)
        .where(
            Document.instance_id == policy.instance_id,
            Document.removed_at.is_(None),
            visible_instances(user),
        )
        .order_by(Document.created_at.desc(), Document.id)
    )
    return list(session.scalars(of_case)) if policy.instance_id else []
