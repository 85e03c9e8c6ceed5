"""E-signatures: sending a contract to be signed, and the local stand-in's page for the client.

Opening the link only shows a page with buttons: mail scanners that follow links sign nothing.
"""

from __future__ import annotations

import logging
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm import files as kept
from broker_crm.crm.models import Contract, Document, SignatureRequest
from broker_crm.engine.feel import EmptyMergeField, FeelError
from broker_crm.outreach import signing
from broker_crm.outreach.signing import providers, requests, stand_in
from broker_crm.people.models import User
from broker_crm.process.models import TaskStatus, UserTask
from broker_crm.web import commands, database, files, times, visible
from broker_crm.web.sign_in import person
from broker_crm.web.wording import SIGNATURE_STATE, word

LONGEST_NAME = 200
LONGEST_REASON = 200
TONES = {"signed": "good", "refused": "late", "expired": "late", "sent": "today"}

log = logging.getLogger(__name__)

blueprint = Blueprint("signing", __name__)


@blueprint.post("/tasks/<uuid:task_id>/signature")
def send(task_id: UUID) -> ResponseReturnValue:
    visible.task(database.current(), person(), task_id)
    back = redirect(url_for("tasks.show", task_id=task_id, _anchor="signature"), 303)
    database.reread()
    try:
        with database.writing() as session:
            prepared = signing.prepare(session, task_id, by=person().login)
            address = prepared.signer_email
    except signing.NotToBeSigned as error:
        flash(_why(error.code), "bad")
        return back
    except EmptyMergeField as error:
        flash(_("The contract's field “%(field)s” is empty. Fill it in.", field=error), "bad")
        return back
    except FeelError as error:
        flash(_("The contract can't be made: %(reason)s", reason=error), "bad")
        return back
    commands.ring()
    flash(_("The contract goes to %(address)s to be signed.", address=address), "good")
    return back


@blueprint.get("/sign/<secret>")
def show(secret: str) -> ResponseReturnValue:
    session = database.current()
    found = stand_in.by_secret(session, secret)
    if found is None:
        return render_template("sign_link.html", step="unknown"), 404
    return render_template("sign_link.html", secret=secret, **_facts(session, found))


@blueprint.get("/sign/<secret>/contract")
def contract(secret: str) -> ResponseReturnValue:
    session = database.current()
    found = stand_in.by_secret(session, secret)
    if found is None or _step(found) == "ended":
        return render_template("sign_link.html", step="unknown"), 404
    document = session.get_one(Document, found.document_id)
    return files.download(document.file_name, document.media_type, kept.content(session, document))


@blueprint.post("/sign/<secret>/<any(sign, refuse):decision>")
def answer(secret: str, decision: str) -> ResponseReturnValue:
    session = database.current()
    found = stand_in.by_secret(session, secret)
    if found is None:
        return render_template("sign_link.html", step="unknown"), 404
    name = " ".join(request.form.get("name", "").split())[:LONGEST_NAME]
    reason = request.form.get("reason", "").strip()[:LONGEST_REASON]
    if decision == "sign" and not name:
        facts = _facts(session, found)
        wrong = _("Write your name and surname.")
        return render_template("sign_link.html", secret=secret, wrong=wrong, **facts), 422
    database.reread()
    with database.writing() as session:
        again = stand_in.by_secret(session, secret)
        if again is not None:
            if decision == "sign":
                stand_in.sign(session, again, name)
            else:
                stand_in.refuse(session, again, reason)
    return redirect(url_for("signing.show", secret=secret), 303)


@blueprint.post("/sign/calls/<provider>")
def heard(provider: str) -> ResponseReturnValue:
    """A provider's news; it proves by itself that the call is its own."""
    call = providers.Call(dict(request.headers), request.get_data(cache=False))
    database.reread()
    try:
        with database.writing() as session:
            signing.heard(session, provider, call)
    except (providers.UnknownProvider, providers.CallRefused, kept.FileRefused) as error:
        log.warning("a call about a signature was refused", extra={"facts": {"why": repr(error)}})
        return "", 404 if isinstance(error, providers.UnknownProvider) else 400
    return "", 204


def card(session: Session, user: User, task: UserTask) -> dict[str, object] | None:
    """How the signature of a step's contract stands; None for steps that sign nothing."""
    if requests.HELP not in task.help:
        return None
    found = signing.latest(session, task.instance_id)
    view: dict[str, object] = {
        "may_send": task.status == TaskStatus.OPEN and task.assignee == user.login,
        "again": found is not None,
        "facts": [],
    }
    if found is not None:
        view |= {
            "state": word(SIGNATURE_STATE, found.state),
            "tone": TONES.get(found.state, "info"),
            "facts": [
                (_("Signer"), f"{found.signer_name} · {found.signer_email}"),
                (_("Prepared"), times.when(found.prepared_at)),
                *([(_("Sent"), times.when(found.sent_at))] if found.sent_at else []),
                *([(_("Ended"), times.when(found.ended_at))] if found.ended_at else []),
                *([(_("Valid until"), times.when(found.expires_at))] if not found.ended_at else []),
            ],
            "trouble": _trouble(found),
        }
    return view


def _trouble(found: SignatureRequest) -> str:
    """What the salesperson should know while the provider fails."""
    if not found.last_error or found.ended_at or found.next_attempt_at is None:
        return ""
    return _(
        "The e-signature service fails (attempts: %(count)s). It is tried again at %(time)s.",
        count=found.attempts,
        time=times.when(found.next_attempt_at),
    )


def _facts(session: Session, found: SignatureRequest) -> dict[str, object]:
    of = session.get_one(Contract, found.contract_id)
    return {
        "step": _step(found),
        "state": found.state,
        "number": of.number or "–",
        "signer": found.signer_name,
        "until": times.when(found.expires_at),
    }


def _step(found: SignatureRequest) -> str:
    """'sign' while it can be signed, 'signed', or 'ended'."""
    if found.state == "sent" and found.expires_at and found.expires_at > clock.now():
        return "sign"
    return "signed" if found.state == "signed" else "ended"


def _why(code: str) -> str:
    return {
        "not-a-signing-step": _("This step signs nothing, or it is done already."),
        "not-yours": _("Take the task first."),
        "no-contract": _("There is no contract yet. Complete the step that prepares it."),
        "no-address": _("The client has no e-mail address. Enter one on the client's card."),
    }[code]
