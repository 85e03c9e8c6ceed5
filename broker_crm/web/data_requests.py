"""The register of requests about personal data: the list, one request, registering, deciding."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.crm import audit, clients, data_requests, retention
from broker_crm.crm.data_requests import Registration, RequestClosed
from broker_crm.crm.erasure import ErasureRefused
from broker_crm.crm.models import Client, DataRequest
from broker_crm.crm.policies import today
from broker_crm.crm.retention import Keep
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.web import commands, database, staff, times
from broker_crm.web.access import may_visit
from broker_crm.web.client_records import back, refused, to_change
from broker_crm.web.errors import NotFound
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import (
    AUDIT_ACTION,
    COMPLAINT_CHANNEL,
    KEEP_REASON,
    REQUEST_KIND,
    REQUEST_STATE,
    word,
)

LONGEST = 4_000
blueprint = Blueprint("data_requests", __name__)


@blueprint.get("/data-protection")
def listing() -> ResponseReturnValue:
    session = database.current()
    state = request.args.get("state", "")
    chosen = state if state in (*REQUEST_STATE, "overdue") else None
    view = {
        "rows": [_row(session, each) for each in data_requests.register_of(session, chosen)],
        "counts": data_requests.counts(session),
        "state": state,
        "states": [
            ("", _("All")),
            ("overdue", _("Overdue")),
            *((key, str(name)) for key, name in REQUEST_STATE.items()),
        ],
    }
    return render_template("data_requests.html", view=view)


@blueprint.get("/data-protection/audit")
def trail() -> ResponseReturnValue:
    session = database.current()
    found = audit.entries(session)
    names = {
        client_id: session.get_one(Client, client_id).name
        for client_id in {each.client_id for each in found if each.client_id is not None}
    }
    rows = [
        {
            "when": times.when(each.at),
            "who": staff.name(session, each.actor) or "–",
            "what": word(AUDIT_ACTION, each.action),
            "client_id": each.client_id,
            "client": names.get(each.client_id or 0, "–"),
            "detail": ", ".join(f"{name}: {_plain(value)}" for name, value in each.detail.items()),
        }
        for each in found
    ]
    return render_template("audit.html", view={"rows": rows})


@blueprint.get("/data-protection/requests/new")
def prepare() -> ResponseReturnValue:
    return _form(None)


@blueprint.post("/data-protection/requests/new")
def register() -> ResponseReturnValue:
    sent, user = Sent(), person()
    received = sent.day("received_on")
    registration = Registration(
        kind=sent.text("kind", 20),
        requester=sent.text("requester"),
        channel=sent.text("channel", 20),
        received_on=received or today(),
        client_id=sent.number("client_id"),
        identified_by=sent.text("identified_by"),
        text=sent.text("text", LONGEST),
    )
    if registration.client_id is not None and _client(registration.client_id) is None:
        sent.wrong["client_id"] = [FieldError("option")]
    database.reread()
    try:
        sent.refuse_unread()
        with database.writing() as session:
            number = data_requests.register(session, registration, by=user.login).id
    except FormRejected as refusal:
        return _form(refusal), 422
    flash(_("The request is registered; its term is one month."), "good")
    if may_visit(user, "data_requests.show"):
        return redirect(url_for("data_requests.show", request_id=number), 303)
    if registration.client_id is not None:
        return redirect(url_for("clients.show", client_id=registration.client_id), 303)
    return redirect(url_for("inbox.tasks"), 303)


@blueprint.get("/data-protection/requests/<int:request_id>")
def show(request_id: int) -> ResponseReturnValue:
    return _page(request_id)


@blueprint.post("/data-protection/requests/<int:request_id>/extend")
def extend(request_id: int) -> ResponseReturnValue:
    sent, login = Sent(), person().login
    reason = sent.text("reason", 500)
    _known(request_id)
    database.reread()
    try:
        sent.refuse_unread()
        with database.writing() as session:
            data_requests.extend(session, request_id, reason, by=login)
    except FormRejected as refusal:
        return _page(request_id, refusal), 422
    except RequestClosed:
        flash(_("The request was decided already."), "bad")
    else:
        flash(_("The term is two months longer; tell the person why."), "good")
    return redirect(url_for("data_requests.show", request_id=request_id), 303)


@blueprint.post("/data-protection/requests/<int:request_id>/decide")
def decide(request_id: int) -> ResponseReturnValue:
    sent, login = Sent(), person().login
    answer, granted = sent.text("answer", LONGEST), request.form.get("decision") == "done"
    _known(request_id)
    database.reread()
    try:
        sent.refuse_unread()
        with database.writing() as session:
            data_requests.decide(session, request_id, answer, granted=granted, by=login)
    except FormRejected as refusal:
        return _page(request_id, refusal), 422
    except ErasureRefused as refusal:
        return _page(request_id, kept=list(refusal.reasons)), 409
    except RequestClosed:
        flash(_("The request was decided already."), "bad")
    else:
        flash(_("The request is decided."), "good")
    commands.ring()
    return redirect(url_for("data_requests.show", request_id=request_id), 303)


@blueprint.post("/clients/<int:client_id>/restriction")
def restrict(client_id: int) -> ResponseReturnValue:
    sent, login = Sent(), person().login
    reason, lift = sent.text("reason", 300), request.form.get("lift") == "yes"
    try:
        sent.refuse_unread()
        with database.writing() as session:
            client = to_change(session, client_id)
            if lift:
                data_requests.lift_restriction(session, client, by=login)
            else:
                data_requests.restrict(session, client, reason, by=login)
    except FormRejected as refusal:
        return refused(client_id, "protection", refusal)
    done = _("The data is used as before.") if lift else _("The data is only kept from now on.")
    return back(client_id, "protection", done)


def reasons(kept: list[Keep]) -> list[str]:
    """Why data is kept, in the visitor's language."""
    return [
        word(KEEP_REASON, each.code)
        + (" – " + _("until %(day)s", day=times.day(each.until)) if each.until else "")
        for each in kept
    ]


def rows_of(session: Session, client_id: int) -> list[dict[str, object]]:
    """The client's requests as its page lists them."""
    found = data_requests.register_of(session)
    return [_row(session, each) for each in found if each.client_id == client_id]


def _row(session: Session, each: DataRequest) -> dict[str, object]:
    left = (each.due_on - times.today()).days
    is_open = each.state == "open"
    return {
        "id": each.id,
        "kind": word(REQUEST_KIND, each.kind),
        "requester": each.requester or "–",
        "received": times.day(each.received_on),
        "due": times.day(each.due_on),
        "due_tone": "" if not is_open else "late" if left < 0 else "today" if left < 8 else "info",
        "state": word(REQUEST_STATE, each.state),
        "tone": {"open": "info", "done": "good"}.get(each.state, "today"),
        "by": staff.name(session, each.decided_by or each.registered_by),
    }


def _page(
    request_id: int, refusal: FormRejected | None = None, kept: list[Keep] | None = None
) -> str:
    database.reread()
    session = database.current()
    each = _known(request_id)
    client = session.get(Client, each.client_id) if each.client_id else None
    keeps = kept or []
    if client is not None and each.kind == "erasure" and each.state == "open":
        keeps = retention.reasons_to_keep(session, client.id, by_law_only=True)
    view = {
        **_row(session, each),
        "is_open": each.state == "open",
        "is_erasure": each.kind == "erasure",
        "wants_data": each.kind in ("access", "portability"),
        "may_extend": each.extended_reason is None and times.today() <= each.due_on,
        "client_id": client.id if client else None,
        "client": client.name if client else "",
        "erased": client is not None and client.erased_at is not None,
        "text": each.text,
        "answer": each.answer or "",
        "keeps": reasons(keeps),
        "refused": kept is not None,
        "facts": [
            (_("Requester"), each.requester or "–"),
            (_("How it came"), word(COMPLAINT_CHANNEL, each.channel)),
            (_("Identity checked by"), each.identified_by or "–"),
            (_("Received"), times.day(each.received_on)),
            (_("Answer by"), times.day(each.due_on)),
            (_("Why longer"), each.extended_reason or ""),
            (_("Registered by"), staff.name(session, each.registered_by)),
            (_("Decided by"), staff.name(session, each.decided_by)),
            (_("Decided"), times.when(each.decided_at) if each.decided_at else ""),
        ],
        "errors": told(refusal),
        "typed": request.form.get("answer", ""),
    }
    return render_template("data_request.html", view=view)


def _form(refusal: FormRejected | None) -> str:
    text = request.form.get("client_id") or request.args.get("client", "")
    client = _client(int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else None
    values = dict(request.form) or {
        "received_on": today().isoformat(),
        "requester": client.name if client else "",
    }
    view = {
        "values": values,
        "errors": told(refusal),
        "client_id": client.id if client else None,
        "client": client.name if client else "",
        "today": today().isoformat(),
        "kinds": REQUEST_KIND,
        "channels": COMPLAINT_CHANNEL,
    }
    return render_template("data_request_new.html", view=view)


def _known(request_id: int) -> DataRequest:
    found = database.current().get(DataRequest, request_id)
    if found is None:
        raise NotFound
    return found


def _client(client_id: int) -> Client | None:
    client = database.current().get(Client, client_id)
    seen = client is not None and clients.may_see_client(database.current(), person(), client)
    return client if seen else None


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
