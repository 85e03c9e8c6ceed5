"""Insurers: the list, and one insurer with its terms, quotes and the time it takes to answer."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.crm import commission_agreements, quotes, terms_register
from broker_crm.crm import insurers as register
from broker_crm.crm.models import (
    Client,
    CommissionAgreement,
    Insurer,
    Policy,
    PolicyStatus,
    Product,
    Quote,
)
from broker_crm.crm.visibility import visible_clients
from broker_crm.people.models import User
from broker_crm.process.calendars import company_calendar
from broker_crm.process.rights import may_see_instance
from broker_crm.web import (
    agreements,
    cases,
    client_card,
    contact_points,
    database,
    money,
    paging,
    products,
    times,
)
from broker_crm.web.insurer_editing import known
from broker_crm.web.sign_in import person
from broker_crm.web.wording import INSURER_KIND, QUOTE_STATUS, word

LATEST = 1_000
"""Quotes from which the time to answer is told."""
SHOWN_WAITING = 10
TONES = {"quoted": "good", "declined": "late", "no-reply": "today"}

blueprint = Blueprint("insurers", __name__)


@blueprint.get("/insurers")
def listing() -> ResponseReturnValue:
    session = database.current()
    in_force = dict(
        session.execute(
            select(Policy.insurer_id, func.count())
            .where(Policy.status == PolicyStatus.ACTIVE)
            .group_by(Policy.insurer_id)
        ).all()
    )
    search = paging.search_text()
    rows = [
        {
            "id": insurer.id,
            "name": insurer.name,
            **_panel(insurer),
            "policies": money.number(in_force.get(insurer.id, 0)),
            "answering": _answering(session, insurer),
        }
        for insurer in register.listed(session, search)
    ]
    return render_template("insurers.html", view={"rows": rows, "search": search})


@blueprint.get("/insurers/<int:insurer_id>")
def show(insurer_id: int) -> ResponseReturnValue:
    return _page(known(insurer_id))


def quote_row(
    session: Session, user: User, quote: Quote, product: Product, client: Client | None
) -> dict[str, object]:
    """One quote in a listing; the client is named to those who may see it."""
    calendar = company_calendar(session)
    seen = quote.instance_id if may_see_instance(session, user, quote.instance_id) else None
    return {
        "instance_id": seen,
        "client": client,
        "product": cases.product_name(product),
        "asked": times.day(quote.asked_at),
        "answered": times.day(quote.answered_at) if quote.answered_at else "–",
        "days": times.working_days(quotes.days_to_answer(quote, calendar))
        if quote.answered_at
        else "–",
        "status": word(QUOTE_STATUS, quote.status),
        "tone": TONES.get(quote.status, ""),
        "premium": money.euros(quote.premium),
        "reason": quote.decline_reason or "",
    }


def _page(insurer: Insurer) -> str:
    session, user, start = database.current(), person(), paging.offset()
    found = session.execute(
        select(Quote, Product, Client)
        .join(Product, Product.id == Quote.product_id)
        .join(Client, Client.id == Quote.client_id)
        .where(Quote.insurer_id == insurer.id)
        .order_by(Quote.asked_at.desc(), Quote.id.desc())
        .offset(start)
        .limit(paging.PAGE + 1)
    ).all()
    shown = found[: paging.PAGE]
    named = {client.id for _quote, _product, client in shown}
    seen = set(
        session.scalars(select(Client.id).where(Client.id.in_(named), visible_clients(user)))
    )
    agreed = [row[0] for row in commission_agreements.of_insurer(session, insurer.id)]
    waiting = quotes.waiting(session, insurer, SHOWN_WAITING)
    view = {
        "id": insurer.id,
        "name": insurer.name,
        **_panel(insurer),
        "kind": word(INSURER_KIND, insurer.kind),
        "website": insurer.website or "",
        "notes": insurer.notes,
        "licence": insurer.licence or "",
        "email": insurer.email or "",
        "phone": insurer.phone or "",
        "phone_shown": client_card.phone(insurer.phone),
        "terms": [
            products.terms_row(*each)
            for each in terms_register.terms_of(session, insurer_id=insurer.id)
        ],
        "answering": _answering(session, insurer),
        "waiting": [
            {
                "id": task.id,
                "name": cases.task_name(session, task),
                "asked": times.day(task.created_at),
                "may_see": may_see_instance(session, user, task.instance_id),
            }
            for task in waiting
        ],
        "quotes": [
            quote_row(session, user, quote, product, client if client.id in seen else None)
            | _commissions(quote, agreed)
            for quote, product, client in shown
        ],
        "contacts": contact_points.rows(session, insurer.id),
        "agreements": agreements.rows(session, insurer.id),
        **paging.pages(start, len(found) > paging.PAGE),
    }
    return render_template("insurer.html", view=view)


def _commissions(quote: Quote, agreed: list[CommissionAgreement]) -> dict[str, str]:
    """The commission of a quote, and what was agreed on the day it was asked for."""
    asked_on = quote.asked_at.astimezone(times.OFFICE).date()
    percent = commission_agreements.agreed_percent(agreed, quote.product_id, asked_on)
    given = quote.commission_percent
    return {
        "commission": money.percent(given) if given is not None else "–",
        "agreed": money.percent(percent) if percent is not None else "",
    }


def _panel(insurer: Insurer) -> dict[str, str]:
    if insurer.on_panel:
        return {"panel": _("On the panel"), "tone": "good"}
    return {"panel": _("Not on the panel"), "tone": ""}


def _answering(session: Session, insurer: Insurer) -> dict[str, object] | None:
    latest = session.scalars(
        select(Quote)
        .where(Quote.insurer_id == insurer.id)
        .order_by(Quote.asked_at.desc())
        .limit(LATEST)
    )
    found = quotes.answering(latest, company_calendar(session))
    if not found.asked:
        return None
    answered = found.quoted + found.declined
    return {
        "asked": ngettext("asked %(num)s time", "asked %(num)s times", found.asked),
        "quoted": money.number(found.quoted),
        "declined": money.number(found.declined),
        "silent": money.number(found.silent),
        "declined_share": money.percent(round(100 * found.declined / answered))
        if answered
        else "–",
        "days": "–" if found.median_days is None else times.working_days(found.median_days),
    }
