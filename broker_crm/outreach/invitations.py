"""Meetings that the client is invited to: invited, moved, cancelled and reminded by letter.

A step whose help names a letter as `helpInvitation` sends it when its form says `inviteClient`;
`helpCancellation` names the letter for a meeting that will not be. Nobody is written to who asked
not to be contacted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock, settings
from broker_crm.crm import invitations, meetings
from broker_crm.crm.models import Client, Meeting
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.published import NotPublished
from broker_crm.engine.errors import RuleFailed
from broker_crm.engine.feel import FeelError
from broker_crm.engine.transition import EventKind
from broker_crm.outreach import merge, notifications, texts
from broker_crm.outreach.happenings import happened
from broker_crm.outreach.headers import HeaderRefused
from broker_crm.outreach.letters import Attachment, Draft, Origin, next_loop, queue_letter
from broker_crm.people.models import User
from broker_crm.process import duties, jobs, recording
from broker_crm.process.experiments.wording import version_of_text
from broker_crm.process.jobs import CompletedStep
from broker_crm.process.models import InstanceStatus, ProcessInstance, UserTask
from broker_crm.process.variables import instance_variables

FIELD = "inviteClient"
INVITATION, CANCELLATION = "invitation", "cancellation"
BATCH = 50
UNWRITABLE = (FeelError, HeaderRefused, NotPublished)
PLACES = {
    "lt": {"office": "mūsų biure", "client": "pas Jus", "remote": "vaizdo skambučiu"},
    "en": {"office": "at our office", "client": "at your place", "remote": "by video call"},
}
AS_AGREED = {"lt": "kaip sutarta", "en": "as agreed"}
TITLE = {"lt": "Susitikimas su draudimo brokeriu", "en": "Meeting with your insurance broker"}


def register_all() -> None:
    """Follow completed steps and ended cases, after the calendar did; safe to repeat."""
    meetings.register_all()
    jobs.before_completion(check)
    jobs.after_completion(invite)
    duties.register("meetings", cancel_overtaken)


def check(step: CompletedStep) -> None:
    """Refuse to invite whom no letter reaches or may reach.

    Raises:
        FormRejected: naming the field.
    """
    if step.values.get(FIELD) is not True:
        return
    client = step.session.get(Client, step.case.client_id) if step.case.client_id else None
    if client is None or not merge.address_of(client):
        raise FormRejected({FIELD: [FieldError("noAddress")]})
    if client.do_not_contact:
        raise FormRejected({FIELD: [FieldError("doNotContact")]})


def invite(step: CompletedStep) -> None:
    """Invite the client to the meeting that the step planned, or tell of its new time.

    Raises:
        RuleFailed: when the letter can't be written; nothing has changed then.
    """
    if not any(step.values.get(field) for field in meetings.TIMES):
        return
    session = step.session
    meeting = _planned(session, step.case.id)
    task = session.get_one(UserTask, step.task_id)
    if meeting is None or INVITATION not in task.help:
        return
    if step.values.get(FIELD) is True or meeting.invited_email:
        variables = {**instance_variables(session, step.case.id), **step.values}
        try:
            _write(session, meeting, task, INVITATION, variables, "REQUEST")
        except UNWRITABLE as error:
            raise RuleFailed(step.element_id, task.name, str(error)) from error


def remind(session: Session, task: UserTask, key: str) -> bool:
    """Remind an invited client of the meeting that a step waits for: once for each time agreed.

    Args:
        session: the caller commits.
        task: the meeting's step.
        key: of the letter.
    """
    meeting = _planned(session, task.instance_id)
    if meeting is None or not meeting.invited_email or meeting.starts_at <= clock.now():
        return False
    if meeting.reminded_sequence == meeting.sequence:
        return False
    meeting.reminded_sequence = meeting.sequence
    variables = instance_variables(session, task.instance_id)
    return _write(session, meeting, task, key, variables, None)


def cancel_overtaken(
    factory: sessionmaker[Session], stopping: Callable[[], bool] = lambda: False
) -> int:
    """Tell invited clients of meetings whose case ended before they took place."""
    with factory.begin() as session:
        found = session.scalars(
            select(Meeting.id)
            .join(ProcessInstance, ProcessInstance.id == Meeting.instance_id)
            .where(
                Meeting.status == "planned",
                Meeting.invited_email.is_not(None),
                ProcessInstance.status != InstanceStatus.ACTIVE,
            )
            .limit(BATCH)
        ).all()
    done = 0
    for meeting_id in found:
        if stopping():
            break
        try:
            with factory.begin() as session:
                done += _cancel(session, meeting_id)
        except UNWRITABLE as error:
            with factory.begin() as session:
                _give_up(session, meeting_id, error)
    return done


def _give_up(session: Session, meeting_id: UUID, error: Exception) -> None:
    """Cancel without a letter, and tell the organiser to tell the client."""
    meeting = session.get_one(Meeting, meeting_id, with_for_update=True)
    meeting.status = "cancelled"
    meeting.sequence += 1
    instance = session.get_one(ProcessInstance, meeting.instance_id)
    what = f"Praneškite klientui, kad susitikimas neįvyks: laiško parašyti nepavyko ({error})"
    notifications.alert(session, instance, f"meeting:{meeting_id}", what, [meeting.organiser])


def _cancel(session: Session, meeting_id: UUID) -> bool:
    meeting = session.get_one(Meeting, meeting_id, with_for_update=True)
    if meeting.status != "planned":
        return False
    meeting.status = "cancelled"
    meeting.sequence += 1
    asked = session.scalars(
        select(UserTask)
        .where(UserTask.instance_id == meeting.instance_id)
        .order_by(UserTask.created_at.desc())
    )
    task = next((each for each in asked if CANCELLATION in each.help), None)
    if task is None or meeting.starts_at <= clock.now():
        return False
    variables = instance_variables(session, task.instance_id)
    return _write(session, meeting, task, CANCELLATION, variables, "CANCEL")


def _write(
    session: Session,
    meeting: Meeting,
    task: UserTask,
    letter: str,
    variables: Mapping[str, object],
    method: str | None,
) -> bool:
    """Queue a letter about a meeting; `letter` is a kind of help or the key of a letter."""
    instance = session.get_one(ProcessInstance, task.instance_id)
    client = session.get(Client, instance.client_id) if instance.client_id else None
    address = meeting.invited_email or (merge.address_of(client) if client else None)
    if client is None or client.do_not_contact or not address:
        return False
    key, kind = str(task.help.get(letter, letter)), ResourceKind.LETTER
    version_id = version_of_text(session, instance.id, task.version_id, kind, key)
    language = texts.language_of(session, version_id, kind, key, client.language)
    about = dict(variables) | {
        "recipientEmail": address,
        "meeting": _facts(meeting, variables, language),
    }
    context = merge.merge_context(session, instance, about, language)
    text = texts.rendered(session, version_id, kind, key, language, context)
    organiser = session.get_one(User, meeting.organiser)
    contact = merge.contact_of(client, address)
    name = f"{contact.first_name} {contact.surname}" if contact else client.name
    queued = queue_letter(
        session,
        Origin(
            instance.id,
            task.element_id,
            next_loop(session, instance.id, task.element_id),
            client.id,
            organiser.login,
        ),
        Draft(
            template_key=key,
            language=language,
            sender=settings.load().mail_from,
            sender_name=organiser.name,
            recipient=address,
            recipient_name=name,
            subject=text.subject,
            body=text.markdown,
        ),
        [_invitation(meeting, method, organiser, address, name, language)] if method else [],
    )
    happened(session, queued.id, EventKind.LETTER_QUEUED, by=organiser.login)
    recording.add_words(session, instance.id, queued.subject)
    meeting.invited_email = address
    return True


def _invitation(
    meeting: Meeting, method: str, organiser: User, address: str, name: str, language: str
) -> Attachment:
    made = invitations.calendar(meeting, method, organiser, address, name, TITLE[language])
    return Attachment(invitations.FILE_NAME, invitations.media_type(method), made)


def _facts(meeting: Meeting, variables: Mapping[str, object], language: str) -> dict[str, object]:
    place = PLACES[language].get(str(variables.get("meetingPlace")))
    parts = [str(each) for each in (place, variables.get("meetingAddress")) if each]
    return {
        "startsAt": meeting.starts_at.isoformat(),
        "minutes": meeting.minutes,
        "place": ", ".join(parts) or AS_AGREED[language],
    }


def _planned(session: Session, instance_id: object) -> Meeting | None:
    return session.scalars(
        select(Meeting)
        .where(Meeting.instance_id == instance_id, Meeting.status == "planned")
        .order_by(Meeting.created_at.desc())
        .limit(1)
    ).first()
