"""Personal codes: sealed where they lie, found by a keyed mark, opened for few, each look noted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from datetime import date

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import settings
from broker_crm.crm import audit, identifiers
from broker_crm.crm.identifiers import IdentifierRejected
from broker_crm.crm.models import Client, ClientKind
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.people.models import Role
from broker_crm.process.rights import Person

SEES = frozenset({Role.ASSISTANT, Role.SALES_MANAGER, Role.COMPLIANCE})
"""Besides the client's own salesperson and deputy."""
NONCE = 12
MASK = "•••••••••••"


class CannotOpen(Exception):
    """The code was sealed with another key."""


def may_see(user: Person, client: Client) -> bool:
    """May the user write and open this client's personal code?"""
    return bool(user.roles & SEES) or user.login in (client.owner, client.deputy)


def write(session: Session, client: Client, code: str | None, *, by: str) -> None:
    """Seal a personal code, or remove it; the birth date follows where it was not known.

    Args:
        session: the caller commits.
        client: a natural person.
        code: eleven digits; None removes it.
        by: login.

    Raises:
        FormRejected: the code can't be right, or is another client's.
    """
    if code is None:
        client.personal_code_sealed = client.personal_code_mark = None
        audit.note(session, "personal-code-removed", client.id, by=by)
        return
    if client.kind == ClientKind.LEGAL:
        raise FormRejected({"personal_code": [FieldError("notAPerson")]})
    try:
        checked = identifiers.personal_code(code)
    except IdentifierRejected as error:
        raise FormRejected({"personal_code": [FieldError("notPersonalCode")]}) from error
    found = mark(checked)
    holder = session.scalar(
        select(Client.id).where(Client.personal_code_mark == found, Client.id != client.id)
    )
    if holder is not None:
        raise FormRejected({"personal_code": [FieldError("personalCodeTaken", {"id": holder})]})
    client.personal_code_sealed = _seal(checked)
    client.personal_code_mark = found
    client.birth_date = client.birth_date or born(checked)
    audit.note(session, "personal-code-written", client.id, by=by)


def look(session: Session, client: Client, *, by: str) -> str | None:
    """The code itself; the look is noted in the audit trail. None where none is kept.

    Raises:
        CannotOpen: the key of this system is not the one that it was sealed with.
    """
    if client.personal_code_sealed is None:
        return None
    code = opened(client)
    audit.note(session, "personal-code-seen", client.id, by=by)
    return code


def opened(client: Client) -> str:
    """The code, for callers that note the look themselves.

    Raises:
        CannotOpen: the key of this system is not the one that it was sealed with.
    """
    try:
        sealed = base64.urlsafe_b64decode(client.personal_code_sealed or "")
        plain = AESGCM(_key(b"seal")).decrypt(sealed[:NONCE], sealed[NONCE:], b"personal code")
    except (InvalidTag, ValueError) as error:
        raise CannotOpen from error
    return plain.decode()


def mark(code: str) -> str:
    """A keyed hash by which the same code is found again."""
    return hmac.new(_key(b"mark"), code.encode(), hashlib.sha256).hexdigest()


def born(code: str) -> date | None:
    """The birth date in a personal code; None in the exceptional ones that begin with 9."""
    century = {"1": 1800, "2": 1800, "3": 1900, "4": 1900, "5": 2000, "6": 2000}.get(code[0])
    if century is None:
        return None
    try:
        return date(century + int(code[1:3]), int(code[3:5]), int(code[5:7]))
    except ValueError:
        return None


def _seal(code: str) -> str:
    nonce = os.urandom(NONCE)
    sealed = AESGCM(_key(b"seal")).encrypt(nonce, code.encode(), b"personal code")
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def _key(purpose: bytes) -> bytes:
    return hmac.new(settings.load().data_key.encode(), purpose, hashlib.sha256).digest()
