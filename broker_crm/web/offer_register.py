"""Offers: the register, and one version with its lines, deviations, approvals and what followed."""

from __future__ import annotations

from decimal import Decimal

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm import offer_register
from broker_crm.crm.models import (
    Client,
    Contract,
    Insurer,
    Offer,
    OfferDeviation,
    OfferLine,
    OfferStatus,
    Product,
    Quote,
)
from broker_crm.crm.visibility import may_see_client_id
from broker_crm.people.models import User
from broker_crm.process.models import ProcessEvent, UserTask
from broker_crm.process.rights import may_see_instance
from broker_crm.web import cases, database, insurers, money, paging, staff, times
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import (
    APPROVAL,
    APPROVAL_LEVEL,
    CONTRACT_STATUS,
    COVER,
    DEVIATION,
    OFFER_STATUS,
    word,
)

TONES = {
    OfferStatus.ACCEPTED: "good",
    OfferStatus.REFUSED: "late",
    OfferStatus.SENT: "info",
    OfferStatus.APPROVED: "info",
}
IN_EUROS = frozenset({"premium", "deductible", "sum-insured"})
DECISIONS = {"approve": "good", "return": "today", "reject": "late"}

blueprint = Blueprint("offer_register", __name__)


@blueprint.get("/registers/offers")
def listing() -> ResponseReturnValue:
    session, start = database.current(), paging.offset()
    search = paging.search_text()
    status = paging.chosen("status", {*OFFER_STATUS, "open"})
    found = offer_register.offers(
        session, person(), text=search, status=status, start=start, limit=paging.PAGE + 1
    )
    view = {
        "search": search,
        "status": status,
        "narrowed": bool(search or status),
        "statuses": [("open", _("Under way")), *OFFER_STATUS.items()],
        "rows": [row(session, offer, client) for offer, client in found[: paging.PAGE]],
        **paging.pages(start, len(found) > paging.PAGE),
    }
    return render_template("offers.html", view=view)


@blueprint.get("/registers/offers/<int:offer_id>")
def show(offer_id: int) -> ResponseReturnValue:
    session, user = database.current(), person()
    offer = session.get(Offer, offer_id)
    if offer is None or not may_see_client_id(session, user, offer.client_id):
        raise NotFound
    versions = offer_register.versions(session, offer)
    place = [each.id for each in versions].index(offer.id)
    before = versions[place - 1] if place else None
    after = versions[place + 1] if place + 1 < len(versions) else None
    view = {
        **row(session, offer, session.get_one(Client, offer.client_id)),
        "instance_id": offer.instance_id
        if may_see_instance(session, user, offer.instance_id)
        else None,
        "facts": _facts(session, offer),
        "texts": [
            (_("Agreed with the client"), offer.corrections),
            (_("Recommendation"), offer.note),
            (_("Why it differs from the standard"), offer.deviation_reason),
        ],
        "lines": [_line(session, line) for line in offer.lines],
        "approvals": approvals(session, offer, after),
        "versions": [
            {
                "id": each.id,
                "version": each.version,
                "status": word(OFFER_STATUS, each.status),
                "tone": TONES.get(OfferStatus(each.status), ""),
                "prepared": times.when(each.prepared_at),
                "current": each.id == offer.id,
            }
            for each in versions
        ],
        "before": before,
        "changes": _changes(session, before, offer) if before else [],
        "quotes": _quotes(session, user, offer),
        "contracts": [
            {"id": each.id, "number": each.number, "status": word(CONTRACT_STATUS, each.status)}
            for each in session.scalars(select(Contract).where(Contract.offer_id == offer.id))
        ],
    }
    return render_template("offer.html", view=view)


def row(session: Session, offer: Offer, client: Client | None) -> dict[str, object]:
    """One offer in a listing."""
    line = offer.lines[0] if offer.lines else None
    product = session.get(Product, line.product_id) if line else None
    insurer = session.get(Insurer, line.insurer_id) if line and line.insurer_id else None
    given = sum(
        (
            (each.commission_effect or Decimal(0)) + (each.other_commission_effect or Decimal(0))
            for each in offer.lines
        ),
        Decimal(0),
    )
    return {
        "id": offer.id,
        "client": client,
        "version": offer.version,
        "product": cases.product_name(product) if product else "–",
        "product_id": product.id if product else None,
        "insurer": insurer.name if insurer else "–",
        "insurer_id": insurer.id if insurer else None,
        "premium": money.euros(sum((each.premium for each in offer.lines), Decimal(0))),
        "deviation": money.percent(line.premium_deviation_percent)
        if line and line.premium_deviation_percent
        else "–",
        "given": money.euros(given) if given else "–",
        "prepared": times.day(offer.prepared_at),
        "prepared_by": staff.name(session, offer.prepared_by),
        "status": word(OFFER_STATUS, offer.status),
        "tone": TONES.get(OfferStatus(offer.status), ""),
        "opened": _opened(offer),
    }


def state(offer: Offer) -> str:
    """Where an offer stands, and whether the client opened it, in a few words."""
    return " · ".join(filter(None, (word(OFFER_STATUS, offer.status), _opened(offer))))


def _opened(offer: Offer) -> str:
    if offer.opened_at is None:
        return ""
    return str(_("opened %(time)s", time=times.when(offer.opened_at)))


def approvals(
    session: Session, record: Offer | Contract, after: Offer | Contract | None
) -> list[dict[str, object]]:
    """Who decided about a version, how, and with what words; undecided steps too."""
    found = offer_register.approvals(session, record, after)
    return [_approval(session, task, event) for task, event in found]


def _approval(session: Session, task: UserTask, event: ProcessEvent | None) -> dict[str, object]:
    values = event.value if event is not None and isinstance(event.value, dict) else {}
    said = [
        text
        for key, text in values.items()
        if key.lower().endswith("comment") and isinstance(text, str)
    ]
    return {
        "step": cases.task_name(session, task),
        "who": staff.name(session, task.completed_by or task.assignee),
        "when": times.when(task.completed_at) if task.completed_at else "",
        "outcome": word(APPROVAL, task.outcome) if task.outcome else _("Waits for a decision"),
        "tone": DECISIONS.get(task.outcome or "", "info"),
        "said": " ".join(said),
    }


def _facts(session: Session, offer: Offer) -> list[tuple[str, str]]:
    approver = staff.name(session, offer.approved_by)
    facts = [
        (_("Prepared"), times.when(offer.prepared_at)),
        (_("Prepared by"), staff.name(session, offer.prepared_by)),
        (_("Valid until"), times.day(offer.valid_until)),
        (
            _("Has to be approved by"),
            word(APPROVAL_LEVEL, offer.approval_level) if offer.approval_level else "",
        ),
        (_("Approved"), f"{times.when(offer.approved_at)} · {approver}" if approver else ""),
        (_("Sent"), times.when(offer.sent_at)),
        (_("Opened by the client"), times.when(offer.opened_at)),
        (
            _("Refused on") if offer.status == OfferStatus.REFUSED else _("Accepted"),
            times.when(offer.decided_at),
        ),
    ]
    return [(name, value) for name, value in facts if value not in ("", "–")]


def _line(session: Session, line: OfferLine) -> dict[str, object]:
    product = session.get_one(Product, line.product_id)
    insurer = session.get(Insurer, line.insurer_id) if line.insurer_id else None
    return {
        "product": cases.product_name(product),
        "insurer": insurer.name if insurer else "–",
        "terms": list(zip(_names(), _values(line), strict=True)),
        "standard_premium": money.euros(line.standard_premium),
        "deviations": [_deviation(each) for each in line.deviations],
        "compared": line.standard_terms_id is not None,
        "premium_effect": money.euros(line.premium_effect),
        "commission_effect": money.euros(line.commission_effect),
        "other_premium_effect": money.euros(line.other_premium_effect or 0),
        "other_commission_effect": money.euros(line.other_commission_effect or 0),
    }


def _names() -> list[str]:
    return [
        _("Premium"),
        _("Commission"),
        _("Sum insured"),
        _("Deductible"),
        _("Instalments"),
        _("Term, months"),
        _("Covers"),
    ]


def _values(line: OfferLine) -> list[str]:
    covers = [word(COVER, cover.strip()) for cover in line.cover.split(",") if cover.strip()]
    return [
        money.euros(line.premium),
        money.percent(line.commission_percent),
        money.euros(line.sum_insured),
        money.euros(line.deductible),
        money.number(line.instalments),
        money.number(line.term_months),
        ", ".join(covers) or "–",
    ]


def _deviation(found: OfferDeviation) -> dict[str, object]:
    def shown(amount: Decimal) -> str:
        if found.kind in IN_EUROS:
            return money.euros(amount)
        return money.percent(amount) if found.kind == "commission" else money.number(amount)

    kind, extra = word(DEVIATION, found.kind), found.kind == "extra-cover"
    return {
        "kind": f"{kind}: {word(COVER, found.cover)}" if extra else kind,
        "standard": "–" if extra else shown(found.standard),
        "offered": "+" if extra else shown(found.offered),
        "price": money.percent(found.price_percent) if found.price_percent is not None else "",
        "reason": found.reason,
        "premium_effect": money.euros(found.premium_effect),
        "commission_effect": money.euros(found.commission_effect),
    }


def _changes(session: Session, before: Offer, offer: Offer) -> list[tuple[str, str, str]]:
    """Name, earlier and present value of what differs between two versions."""
    if not before.lines or not offer.lines:
        return []
    old, new = before.lines[0], offer.lines[0]
    names = [_("Insurer"), *_names()]
    insurers_named = [
        session.get_one(Insurer, line.insurer_id).name if line.insurer_id else "–"
        for line in (old, new)
    ]
    pairs = zip(
        names,
        [insurers_named[0], *_values(old)],
        [insurers_named[1], *_values(new)],
        strict=True,
    )
    return [(name, was, now) for name, was, now in pairs if was != now]


def _quotes(session: Session, user: User, offer: Offer) -> list[dict[str, object]]:
    found = session.execute(
        select(Quote, Product, Insurer)
        .join(Product, Product.id == Quote.product_id)
        .join(Insurer, Insurer.id == Quote.insurer_id)
        .where(Quote.instance_id == offer.instance_id)
        .order_by(Quote.premium.is_(None), Quote.premium, Quote.id)
    )
    return [
        {**insurers.quote_row(session, user, quote, product, None), "insurer": insurer}
        for quote, product, insurer in found
    ]
