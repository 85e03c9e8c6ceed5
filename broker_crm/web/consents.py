"""Consents to marketing with their evidence, and the wish not to be contacted."""

from __future__ import annotations

from datetime import datetime, time

from flask import Blueprint, Flask, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm import audit, files, permissions
from broker_crm.crm.contact_reason import permissions as decided
from broker_crm.crm.models import Client, Consent, Document
from broker_crm.crm.policies import today
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.web import commands, database, names, staff, times
from broker_crm.web.client_records import back, known, refused, to_change
from broker_crm.web.errors import NotFound
from broker_crm.web.files import LARGEST_REQUEST, download, why
from broker_crm.web.register_forms import Sent
from broker_crm.web.sign_in import person
from broker_crm.web.times import OFFICE
from broker_crm.web.wording import CHANNEL, CONTACT_DECISION, word

ANCHOR = "permissions"
TONES = {"allow": "good", "deny": "late", "ask-in-person": "today"}
blueprint = Blueprint("consents", __name__)


def set_up(app: Flask) -> None:
    """Evidence may be a file; to be called before forms are checked."""

    @app.before_request
    def _allow_a_file() -> None:
        if request.endpoint == "consents.give":
            request.max_content_length = LARGEST_REQUEST


@blueprint.post("/clients/<int:client_id>/consents")
def give(client_id: int) -> ResponseReturnValue:
    sent, login = Sent(), person().login
    channel, evidence = sent.text("channel", 20), sent.text("evidence", 300)
    version, day = sent.text("text_version", 40), sent.day("given_on")
    if channel not in CHANNEL:
        sent.wrong["channel"] = [FieldError("option")]
    if not evidence:
        sent.wrong["evidence"] = [FieldError("noEvidence")]
    if day is not None and day > today():
        sent.wrong["given_on"] = [FieldError("inFuture")]
    file = request.files.get("file")
    upload = (
        files.Upload(file.filename, file.stream.read(files.LARGEST + 1))
        if file is not None and file.filename
        else None
    )
    try:
        sent.refuse_unread()
        with database.writing() as session:
            client = to_change(session, client_id)
            kept = (
                files.keep(
                    session, upload, files.Place(None, None, client_id), kind="consent", by=login
                )
                if upload
                else None
            )
            earlier = day is not None and day < today()
            given = datetime.combine(day, time(12), OFFICE) if day and earlier else None
            permissions.give(
                session,
                client,
                channel=channel,
                evidence=evidence,
                by=login,
                text_version=version or None,
                given_at=given,
                document_id=kept.id if kept else None,
            )
            audit.note(session, "consent-given", client_id, by=login, channel=channel)
    except FormRejected as refusal:
        return refused(client_id, ANCHOR, refusal)
    except files.FileRefused as refusal:
        flash(why(refusal.code, files.safe_name(upload.name if upload else "")), "bad")
        return back(client_id, ANCHOR)
    return back(client_id, ANCHOR, _("The consent is kept."))


@blueprint.post("/clients/<int:client_id>/consents/withdraw")
def withdraw(client_id: int) -> ResponseReturnValue:
    sent, login = Sent(), person().login
    channel, evidence = sent.text("channel", 20), sent.text("evidence", 300)
    if channel not in CHANNEL:
        sent.wrong["channel"] = [FieldError("option")]
    stop_all = request.form.get("stop_all") == "yes"
    try:
        sent.refuse_unread()
        with database.writing() as session:
            client = to_change(session, client_id)
            permissions.withdraw(
                session,
                client,
                channel=channel,
                stop_all=stop_all,
                evidence=evidence or None,
                by=login,
            )
            audit.note(
                session,
                "consent-withdrawn",
                client_id,
                by=login,
                channel=channel,
                do_not_contact=stop_all,
            )
    except FormRejected as refusal:
        return refused(client_id, ANCHOR, refusal)
    commands.ring()
    return back(client_id, ANCHOR, _("Withdrawn. Letters that wait will not be sent."))


@blueprint.get("/clients/<int:client_id>/consents/<int:consent_id>/file")
def evidence(client_id: int, consent_id: int) -> ResponseReturnValue:
    """The file that proves a consent."""
    session = database.current()
    consent = session.get(Consent, consent_id)
    if consent is None or consent.client_id != known(client_id).id or not consent.document_id:
        raise NotFound
    document = session.get_one(Document, consent.document_id)
    return download(document.file_name, document.media_type, files.content(session, document))


def view(session: Session, client: Client) -> dict[str, object]:
    """The card: what D7 says by channel and why, and the consents with their evidence."""
    given = select(Consent).where(Consent.client_id == client.id).order_by(Consent.given_at.desc())
    return {
        "decisions": decisions(session, client),
        "consents": [_row(session, consent) for consent in session.scalars(given)],
        "channels": CHANNEL,
        "today": today().isoformat(),
    }


def decisions(session: Session, client: Client) -> list[dict[str, str]]:
    """For the salesperson before a call or letter: whether offers may be made, and why."""
    return [
        {
            "channel": word(CHANNEL, each.channel),
            "decision": word(CONTACT_DECISION, each.decision),
            "tone": TONES.get(each.decision, ""),
            "reason": names.name(session, each.version_id, each.reason),
        }
        for each in decided(session, client)
    ]


def _row(session: Session, consent: Consent) -> dict[str, object]:
    withdrawn = consent.withdrawn_at
    facts = (
        consent.evidence,
        _("text %(version)s", version=consent.text_version) if consent.text_version else "",
        staff.name(session, consent.recorded_by),
        consent.withdrawn_evidence if consent.withdrawn_evidence != "duplicate" else "",
        staff.name(session, consent.withdrawn_by),
    )
    return {
        "id": consent.id,
        "channel": word(CHANNEL, consent.channel),
        "state": _("withdrawn %(day)s", day=times.day(withdrawn))
        if withdrawn
        else _("given %(day)s", day=times.day(consent.given_at)),
        "tone": "late" if withdrawn else "good",
        "evidence": " · ".join(fact for fact in facts if fact),
        "has_file": consent.document_id is not None,
    }
