"""Takes what tells of a person out of free values, and leaves what can be counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from broker_crm.crm.models import Client, ContactPerson
from broker_crm.process.plain_text import plain

COUNTED = re.compile(
    r"(?:outcome|reason|decision|basis|kind|class|variant|level|sector|sizeband|segment|key"
    r"|severity|process|step|flows|hold|rule|purpose|reaction|status|channel|about|subject|\barm)$",
    re.IGNORECASE,
)
"""Names of variables whose values come from closed lists."""
CODE = re.compile(r"[A-Za-z_][\w/-]{0,119}")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:T[\d:.+Z-]+)?")
SHORTEST = 3
"""Letters of a word that tells of a person."""
LONGEST_NUMBER = 8
"""Digits; longer numbers may be codes or telephones."""


class Words:
    """Names, addresses and numbers by which a person is known."""

    def __init__(self, clients: Iterable[Client], contacts: Iterable[ContactPerson]) -> None:
        texts: list[str | None] = []
        for client in clients:
            texts += [client.name, client.email, client.phone, client.address, client.code]
            texts += [client.vat_code, client.bank_account, client.foreign_id]
        for contact in contacts:
            texts += [contact.first_name, contact.surname, contact.email, contact.phone]
        self._words = {
            word
            for text in texts
            if text
            for word in re.findall(r"\w+", plain(text))
            if len(word) >= SHORTEST and not (word.isdigit() and len(word) < LONGEST_NUMBER)
        }

    def tell_of(self, text: str) -> bool:
        return bool(self._words & set(re.findall(r"[^\W_]+", plain(text))))


def anonymous(value: Any, words: Words, name: str = "") -> Any:
    """The value without what tells of a person: numbers, days and codes of closed lists stay.

    Args:
        value: made of JSON values.
        words: never kept, wherever they stand.
        name: of the variable that holds it.
    """
    if isinstance(value, Mapping):
        return {key: anonymous(each, words, key) for key, each in value.items()}
    if isinstance(value, list):
        return [anonymous(each, words, name) for each in value]
    if isinstance(value, str):
        return value if _is_kept(value, words, name) else ""
    if isinstance(value, bool) or value is None:
        return value
    return value if abs(value) < 10**LONGEST_NUMBER else 0


def code(text: str | None, words: Words) -> str | None:
    """A reason from a closed list; None for what somebody wrote."""
    return text if text and _is_kept(text, words, "reason") else None


def _is_kept(text: str, words: Words, name: str) -> bool:
    if words.tell_of(text):
        return False
    if DAY.fullmatch(text):
        return "birth" not in name.lower()
    if COUNTED.search(name) and CODE.fullmatch(text):
        return True
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
