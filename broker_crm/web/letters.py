"""The outbox page: letters, where they stand, and what they say."""

from __future__ import annotations

from uuid import UUID

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from broker_crm.outreach import resending
from broker_crm.outreach.message import as_sent, name_as_sent
from broker_crm.outreach.models import Letter, LetterAttachment, OutboxEntry, OutboxState
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance
from broker_crm.process.rights import may_steer, visible_instances
from broker_crm.web import cases, commands, database, files, paging, safe_text, staff, times
from broker_crm.web.errors import NotFound
from broker_crm.web.sign_in import person
from broker_crm.web.wording import LANGUAGE, LETTER_STATE, word

TONES = {"sent": "good", "failed": "late", "in-doubt": "today"}

UNDECIDED = frozenset({OutboxState.FAILED, OutboxState.IN_DOUBT})
"""A manager decides what becomes of the letter."""

blueprint = Blueprint("letters", __name__)


def visible_letters(user: User) -> Select[Letter, OutboxEntry]:
    """Letters of the cases that the user may see, and the user's own."""
    seen = select(ProcessInstance.id).where(visible_instances(user))
    return (
        select(Letter, OutboxEntry)
        .outerjoin(OutboxEntry, OutboxEntry.letter_id == Letter.id)
        .where(or_(Letter.instance_id.in_(seen), Letter.author == user.login))
    )


@blueprint.get("/letters")
def listing() -> ResponseReturnValue:
    session = database.current()
    search, start = paging.search_text(), paging.offset()
    state = request.args.get("state", "")
    wanted = visible_letters(person()).order_by(Letter.created_at.desc(), Letter.id)
    if search:
        wanted = wanted.where(
            or_(
                Letter.subject.icontains(search, autoescape=True),
                Letter.recipient.icontains(search, autoescape=True),
            )
        )
    if state in set(OutboxState):
        wanted = wanted.where(OutboxEntry.state == state)
    found = session.execute(wanted.offset(start).limit(paging.PAGE + 1)).all()
    titles = cases.titles(session, [letter.instance_id for letter, _entry in found])
    view = {
        "search": search,
        "state": state,
        "state_choices": [("", _("All")), *((key, word(LETTER_STATE, key)) for key in OutboxState)],
        "kept_here": current_app.extensions["broker_crm.settings"].smtp_url is None,
        "rows": [
            row(letter, entry) | {"case": titles.get(letter.instance_id, "–")}
            for letter, entry in found[: paging.PAGE]
        ],
        **paging.pages(start, len(found) > paging.PAGE),
    }
    return render_template("letters.html", view=view)


@blueprint.get("/letters/<uuid:letter_id>")
def show(letter_id: UUID) -> ResponseReturnValue:
    session = database.current()
    found = session.execute(visible_letters(person()).where(Letter.id == letter_id)).one_or_none()
    if found is None:
        raise NotFound
    letter, entry = found
    view = {
        **row(letter, entry),
        "language": letter.language,
        "html": safe_text.html(letter.body),
        "attachments": _attachments(session, letter_id),
        "may_decide": may_steer(person()) and entry is not None and entry.state in UNDECIDED,
        "facts": [
            (_("To"), letter.recipient),
            (_("From"), letter.sender),
            (_("Written by"), staff.name(session, letter.author) or "–"),
            (_("Written"), times.when(letter.created_at)),
            (_("Language"), word(LANGUAGE, letter.language)),
            *_delivery(entry),
        ],
    }
    return render_template("letter.html", view=view)


@blueprint.get("/letters/<uuid:letter_id>/attachments/<int:attachment_id>")
def attachment(letter_id: UUID, attachment_id: int) -> ResponseReturnValue:
    """A file beside a letter, as the client gets it."""
    session = database.current()
    found = session.execute(visible_letters(person()).where(Letter.id == letter_id)).one_or_none()
    file = session.get(LetterAttachment, attachment_id)
    if found is None or file is None or file.letter_id != letter_id:
        raise NotFound
    leaving = as_sent(found[0], file)
    return files.download(leaving.file_name, leaving.media_type, leaving.content)


@blueprint.post("/letters/<uuid:letter_id>/resend")
def resend(letter_id: UUID) -> ResponseReturnValue:
    with database.writing() as session:
        resending.resend(session, letter_id, by=person().login)
    commands.ring()
    flash(_("The letter is queued again."), "good")
    return redirect(url_for("letters.show", letter_id=letter_id), 303)


@blueprint.post("/letters/<uuid:letter_id>/give-up")
def give_up(letter_id: UUID) -> ResponseReturnValue:
    with database.writing() as session:
        resending.give_up(session, letter_id, by=person().login)
    flash(_("The letter will not be sent."), "good")
    return redirect(url_for("letters.show", letter_id=letter_id), 303)


def row(letter: Letter, entry: OutboxEntry | None) -> dict[str, object]:
    """One letter in a listing."""
    state = entry.state if entry else None
    return {
        "id": letter.id,
        "subject": letter.subject,
        "recipient": letter.recipient,
        "state": word(LETTER_STATE, state),
        "tone": TONES.get(state or "", "info"),
        "instance_id": letter.instance_id,
        "when": times.when(letter.created_at),
    }


def _attachments(session: Session, letter_id: UUID) -> list[tuple[int, str]]:
    """The files beside a letter, by the names that the client sees."""
    found = session.execute(
        select(LetterAttachment.id, LetterAttachment.file_name, LetterAttachment.media_type)
        .where(LetterAttachment.letter_id == letter_id)
        .order_by(LetterAttachment.id)
    )
    return [(identifier, name_as_sent(name, kind)) for identifier, name, kind in found]


def _delivery(entry: OutboxEntry | None) -> list[tuple[str, str]]:
    if entry is None:
        return []
    facts = [(_("Attempts"), str(entry.attempts))]
    if entry.sent_at is not None:
        facts.append((_("Sent"), times.when(entry.sent_at)))
    elif entry.state == OutboxState.QUEUED:
        facts.append((_("Next attempt"), times.when(entry.next_attempt_at)))
    if entry.server_reply:
        facts.append((_("Answer of the server"), entry.server_reply))
    if entry.last_error:
        facts.append((_("Last error"), entry.last_error))
    return facts
