"""Retention periods, and what is due for erasure."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from broker_crm.crm import erasure_proposals, retention
from broker_crm.crm.erasure import ErasureRefused
from broker_crm.crm.models import Client, ErasureProposal
from broker_crm.definitions.forms import FormRejected
from broker_crm.web import database, staff, times
from broker_crm.web.data_requests import reasons
from broker_crm.web.errors import NotFound
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import COUNTED_FROM, ERASED_KIND, RETENTION_CLASS, word

MOST = 50
blueprint = Blueprint("retention", __name__)


@blueprint.get("/data-protection/retention")
def listing() -> ResponseReturnValue:
    return _page()


@blueprint.post("/data-protection/retention/look")
def look() -> ResponseReturnValue:
    """Look now instead of waiting for the worker's daily look."""
    with database.writing() as session:
        erasure_proposals.propose(session)
    return redirect(url_for("retention.listing"), 303)


@blueprint.post("/data-protection/retention/erase")
def erase() -> ResponseReturnValue:
    login = person().login
    chosen = [int(each) for each in request.form.getlist("proposal") if each.isdigit()][:MOST]
    erased = 0
    for proposal_id in chosen:
        try:
            with database.writing() as session:
                erasure_proposals.carry_out(session, proposal_id, by=login)
        except ErasureRefused as refusal:
            flash("; ".join(reasons(list(refusal.reasons))), "bad")
        else:
            erased += 1
    if not chosen:
        flash(_("Choose what to erase."), "bad")
    elif erased:
        flash(ngettext("%(num)s record is erased.", "%(num)s records are erased.", erased), "good")
    return redirect(url_for("retention.listing"), 303)


@blueprint.post("/data-protection/retention/<int:proposal_id>/keep")
def keep(proposal_id: int) -> ResponseReturnValue:
    sent, login = Sent(), person().login
    until, reason = sent.day("until"), sent.text("reason", 300)
    try:
        sent.refuse_unread()
        with database.writing() as session:
            erasure_proposals.keep(session, proposal_id, until, reason, by=login)
    except FormRejected as refusal:
        return _page(refusal), 422
    flash(_("It is kept; it comes again on that day."), "good")
    return redirect(url_for("retention.listing"), 303)


@blueprint.post("/data-protection/retention/periods/<key>")
def change(key: str) -> ResponseReturnValue:
    sent, login = Sent(), person().login
    years, source = sent.number("years"), sent.text("source", 300)
    try:
        sent.refuse_unread()
        with database.writing() as session:
            by_law = request.form.get("by_law") == "yes"
            retention.change_period(session, key, years, source, by_law=by_law, by=login)
    except FormRejected as refusal:
        return _page(refusal), 422
    except LookupError as error:
        raise NotFound from error
    flash(_("The period is changed."), "good")
    return redirect(url_for("retention.listing"), 303)


def _page(refusal: FormRejected | None = None) -> str:
    database.reread()
    session = database.current()
    view = {
        "rows": [_row(session, each) for each in erasure_proposals.open_proposals(session)],
        "periods": [
            {
                "key": key,
                "name": word(RETENTION_CLASS, key),
                "years": period.years,
                "counted_from": word(COUNTED_FROM, period.counted_from),
                "source": period.source,
                "by_law": period.by_law,
                "changed": _(
                    "%(who)s, %(day)s",
                    who=staff.name(session, period.changed_by),
                    day=times.day(period.changed_at),
                )
                if period.changed_at
                else "",
            }
            for key, period in retention.periods(session).items()
        ],
        "wrong": [sentence for found in told(refusal).values() for sentence in found],
        "tomorrow": times.today().isoformat(),
    }
    return render_template("retention.html", view=view)


def _row(session: Session, each: ErasureProposal) -> dict[str, object]:
    client = session.get(Client, each.client_id) if each.client_id else None
    return {
        "id": each.id,
        "kind": word(ERASED_KIND, each.kind),
        "class": word(RETENTION_CLASS, each.retention_class),
        "client_id": client.id if client else None,
        "client": client.name if client else "–",
        "over": times.day(each.over_on),
        "case": each.record_key if each.kind == "case" else None,
        "kept": each.keep_reason or "",
    }
