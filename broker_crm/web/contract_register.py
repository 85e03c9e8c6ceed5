"""Contracts: the register, and one with its differences from the offer, approvals and signature."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm import offer_register as registers
from broker_crm.crm.models import (
    Client,
    Contract,
    ContractStatus,
    Document,
    Offer,
    Policy,
    SignatureRequest,
)
from broker_crm.crm.visibility import may_see_client_id
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance
from broker_crm.process.rights import may_see_instance, visible_instances
from broker_crm.web import cases, database, files, money, offer_register, paging, staff, times
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import CONTRACT_STATUS, SIGNATURE_STATE, word

TONES = {
    ContractStatus.SIGNED: "good",
    ContractStatus.REFUSED: "late",
    ContractStatus.EXPIRED: "late",
    ContractStatus.SENT: "info",
    ContractStatus.APPROVED: "info",
}
SIGNATURE_TONES = {"signed": "good", "refused": "late", "expired": "late", "sent": "today"}
FILES = ("contract", "signed-contract", "signature-sheet")

blueprint = Blueprint("contract_register", __name__)


@blueprint.get("/registers/contracts")
def listing() -> ResponseReturnValue:
    session, start = database.current(), paging.offset()
    search, status = paging.search_text(), paging.chosen("status", CONTRACT_STATUS)
    found = registers.contracts(
        session, person(), text=search, status=status, start=start, limit=paging.PAGE + 1
    )
    view = {
        "search": search,
        "status": status,
        "narrowed": bool(search or status),
        "statuses": CONTRACT_STATUS.items(),
        "rows": [row(contract, client) for contract, client in found[: paging.PAGE]],
        **paging.pages(start, len(found) > paging.PAGE),
    }
    return render_template("contracts.html", view=view)


@blueprint.get("/registers/contracts/<int:contract_id>")
def show(contract_id: int) -> ResponseReturnValue:
    session, user = database.current(), person()
    contract = session.get(Contract, contract_id)
    if contract is None or not may_see_client_id(session, user, contract.client_id):
        raise NotFound
    versions = list(
        session.scalars(
            select(Contract)
            .where(Contract.instance_id == contract.instance_id)
            .order_by(Contract.version)
        )
    )
    after = next((each for each in versions if each.version > contract.version), None)
    policy = session.get(Policy, contract.policy_id) if contract.policy_id else None
    view = {
        **row(contract, session.get_one(Client, contract.client_id)),
        "instance_id": contract.instance_id
        if may_see_instance(session, user, contract.instance_id)
        else None,
        "facts": _facts(session, contract),
        "offer": session.get(Offer, contract.offer_id) if contract.offer_id else None,
        "differences": _differences(contract),
        "approvals": offer_register.approvals(session, contract, after),
        "signatures": _signatures(session, contract),
        "refusal": contract.refusal_reason or "",
        "policy": policy,
        "versions": [
            {
                "id": each.id,
                "version": each.version,
                "status": word(CONTRACT_STATUS, each.status),
                "tone": TONES.get(ContractStatus(each.status), ""),
                "prepared": times.when(each.prepared_at),
                "current": each.id == contract.id,
            }
            for each in versions
        ],
        "files": {"rows": files.rows(session, user, _files(session, user, contract))},
    }
    return render_template("contract.html", view=view)


def row(contract: Contract, client: Client | None) -> dict[str, object]:
    """One contract in a listing."""
    return {
        "id": contract.id,
        "number": contract.number or _("without a number"),
        "version": contract.version,
        "client": client,
        "period": f"{times.day(contract.starts_on)} – {times.day(contract.ends_on)}",
        "premium": money.euros(contract.premium),
        "prepared": times.day(contract.prepared_at),
        "status": word(CONTRACT_STATUS, contract.status),
        "tone": TONES.get(ContractStatus(contract.status), ""),
    }


def _facts(session: Session, contract: Contract) -> list[tuple[str, str]]:
    approver = staff.name(session, contract.approved_by)
    instance = session.get(ProcessInstance, contract.instance_id)
    facts = [
        (_("Case"), cases.process_name(session, instance.version_id) if instance else ""),
        (_("Period"), f"{times.day(contract.starts_on)} – {times.day(contract.ends_on)}"),
        (_("Premium"), money.euros(contract.premium)),
        (_("Commission"), money.percent(contract.commission_percent)),
        (_("Sum insured"), money.euros(contract.sum_insured)),
        (_("Deductible"), money.euros(contract.deductible)),
        (_("Instalments"), money.number(contract.instalments)),
        (_("Prepared"), times.when(contract.prepared_at)),
        (_("Prepared by"), staff.name(session, contract.prepared_by)),
        (_("Approved"), f"{times.when(contract.approved_at)} · {approver}" if approver else ""),
        (_("Sent"), times.when(contract.sent_at)),
        (_("Signed"), times.when(contract.signed_at)),
    ]
    return [(name, value) for name, value in facts if value not in ("", "–", "– – –")]


def _differences(contract: Contract) -> list[tuple[str, str, str]]:
    """Name, accepted offer and contract, where they differ."""
    names = {
        "premium": _("Premium"),
        "deductible": _("Deductible"),
        "commission": _("Commission"),
        "instalments": _("Instalments"),
    }

    def shown(name: str, value: str) -> str:
        if name in ("premium", "deductible"):
            return money.euros(float(value)) if value != "None" else "–"
        if name == "commission":
            return money.percent(float(value)) if value != "None" else "–"
        return value

    return [
        (names.get(name, name), shown(name, offered), shown(name, written))
        for name, (offered, written) in contract.differences.items()
    ]


def _signatures(session: Session, contract: Contract) -> list[dict[str, object]]:
    found = session.scalars(
        select(SignatureRequest)
        .where(SignatureRequest.contract_id == contract.id)
        .order_by(SignatureRequest.prepared_at.desc())
    )
    return [
        {
            "who": each.signer_name,
            "state": word(SIGNATURE_STATE, each.state),
            "tone": SIGNATURE_TONES.get(each.state, ""),
            "when": times.when(each.ended_at or each.sent_at or each.prepared_at),
        }
        for each in found
    ]


def _files(session: Session, user: User, contract: Contract) -> list[Document]:
    of_case = (
        select(Document)
        .join(ProcessInstance, ProcessInstance.id == Document.instance_id)
        .where(
            Document.instance_id == contract.instance_id,
            Document.kind.in_(FILES),
            Document.removed_at.is_(None),
            visible_instances(user),
        )
        .order_by(Document.created_at.desc(), Document.id)
    )
    return list(session.scalars(of_case))
