"""Letters to colleagues: through the same outbox as those to clients, outside of any case."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from broker_crm import settings
from broker_crm.outreach.letters import Attachment, Draft, Notice, queue_letter
from broker_crm.outreach.models import Letter
from broker_crm.people.models import User


def write(
    session: Session,
    user: User,
    key: str,
    subject: str,
    body: str,
    attachments: Iterable[Attachment] = (),
) -> Letter:
    """Queue a letter to a colleague, once for each key.

    Args:
        session: the caller commits.
        user: to whom, in whose language it is written.
        key: what it is, and of when.
        subject: one line.
        body: Markdown.
        attachments: files.

    Raises:
        HeaderRefused: when the subject, the name or the address can't stand in a header.
    """
    draft = Draft(
        template_key=key.partition(":")[0],
        language=user.language,
        sender=settings.load().mail_from,
        sender_name="",
        recipient=user.email,
        recipient_name=user.name,
        subject=subject,
        body=body,
    )
    return queue_letter(session, Notice(key, user.login), draft, attachments)
