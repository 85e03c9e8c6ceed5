"""A letter as an RFC 5322 message."""

from __future__ import annotations

from collections.abc import Iterable
from email.header import decode_header, make_header
from email.headerregistry import Address, AddressHeader
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import compat32
from email.utils import format_datetime, getaddresses
from pathlib import PurePath

from broker_crm.definitions.word import WordRefused
from broker_crm.outreach import paper, pdf, word
from broker_crm.outreach.folding import POLICY
from broker_crm.outreach.letters import Attachment
from broker_crm.outreach.models import Letter, LetterAttachment

UNWRITABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, WordRefused)


class MessageUnwritable(Exception):
    """A letter can't be written, or its headers would read back other than they were written."""


def serialised(
    letter: Letter, attachments: Iterable[LetterAttachment], message_id: str, reply_to: str | None
) -> bytes:
    """The message as it is handed to the server: text and HTML, and the attachments.

    Args:
        letter: its sender and recipient are mailboxes.
        attachments: files.
        message_id: the same at every attempt.
        reply_to: the salesperson's mailbox.

    Raises:
        MessageUnwritable: when it can't be written, or doesn't read back as written.
    """
    try:
        message = _composed(letter, attachments, message_id, reply_to)
        raw = message.as_bytes()
        _refuse_changed(message, raw)
    except UNWRITABLE as error:
        raise MessageUnwritable(f"The letter can't be written: {error!r}") from error
    return raw


def _composed(
    letter: Letter, attachments: Iterable[LetterAttachment], message_id: str, reply_to: str | None
) -> EmailMessage:
    message = EmailMessage(policy=POLICY)
    message["From"] = letter.sender
    message["To"] = letter.recipient
    if reply_to:
        message["Reply-To"] = reply_to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = message_id
    message["Content-Language"] = letter.language
    message.set_content(paper.plain(letter.body), cte="quoted-printable")
    message.add_alternative(
        f'<!doctype html>\n<html lang="{letter.language}"><body>\n{paper.html(letter.body)}'
        "</body></html>\n",
        subtype="html",
        cte="quoted-printable",
    )
    for attachment in attachments:
        leaving = as_sent(letter, attachment)
        kind, _, subtype = leaving.media_type.partition(";")[0].partition("/")
        message.add_attachment(
            leaving.content,
            maintype=kind,
            subtype=subtype,
            filename=leaving.file_name,
            params=_parameters(leaving.media_type),
        )
    return message


def _parameters(media_type: str) -> dict[str, str]:
    """What stands behind a media type, such as the method of an invitation."""
    pairs = (part.partition("=") for part in media_type.split(";")[1:])
    return {name.strip(): value.strip() for name, _, value in pairs}


def as_sent(letter: Letter, attachment: LetterAttachment) -> Attachment:
    """The file as the client gets it: what was made from a Word template leaves as PDF."""
    name = name_as_sent(attachment.file_name, attachment.media_type)
    if attachment.media_type != word.MEDIA_TYPE:
        return Attachment(name, attachment.media_type, attachment.content)
    drawn = pdf.drawn(attachment.content, letter.language, letter.created_at)
    return Attachment(name, pdf.MEDIA_TYPE, drawn)


def name_as_sent(name: str, media_type: str) -> str:
    return str(PurePath(name).with_suffix(".pdf")) if media_type == word.MEDIA_TYPE else name


def _refuse_changed(message: EmailMessage, raw: bytes) -> None:
    again = BytesParser(policy=compat32).parsebytes(raw)
    if again.keys() != message.keys():
        raise MessageUnwritable(
            f"The letter would have the headers {again.keys()} instead of {message.keys()}."
        )
    for name in ("From", "To", "Reply-To"):
        written = [(each.display_name, each.addr_spec) for each in _addresses(message, name)]
        read = [(_decoded(each), address) for each, address in getaddresses([again[name] or ""])]
        if read != written:
            raise MessageUnwritable(f"The header {name} would read {read}.")
    for name in ("Subject", "Message-ID"):
        if _decoded(again[name]) != message[name]:
            raise MessageUnwritable(f"The header {name} would read {_decoded(again[name])!r}.")


def _addresses(message: EmailMessage, name: str) -> tuple[Address, ...]:
    header = message[name]
    return header.addresses if isinstance(header, AddressHeader) else ()


def _decoded(text: str) -> str:
    return str(make_header(decode_header(text.replace("\r\n", ""))))
