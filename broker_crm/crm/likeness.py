"""By what two records of one client are known to be one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broker_crm.process.plain_text import plain

FORMS_OF_COMPANY = (
    "uzdaroji akcine bendrove",
    "akcine bendrove",
    "mazoji bendrija",
    "viesoji istaiga",
    "individuali imone",
    "zemes ukio bendrove",
    "kooperatine bendrove",
    "tikroji ukine bendrija",
    "komanditine ukine bendrija",
    "sp z o o",
    "uab",
    "ab",
    "mb",
    "vsi",
    "ii",
    "zub",
    "kb",
    "tub",
    "kub",
    "gmbh",
    "sia",
    "ou",
    "oy",
    "ltd",
)
"""The longer before those that they hold."""
TOLD_BY = ("code", "vat_code", "email", "name", "phone")
"""Fields that tell clients from each other."""
LOST = "?\ufffd"
"""What stands where a letter was lost on its way through another alphabet."""


def keys(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a client may be found by, the surest first: codes, e-mail, name with telephone.

    Args:
        values: fields of `TOLD_BY`, as far as they are known.
    """
    found = [(name, str(values[name])) for name in ("code", "vat_code") if values.get(name)]
    if values.get("email"):
        found.append(("email", str(values["email"]).casefold()))
    if values.get("name") and values.get("phone"):
        found.append(("name and phone", f"{company_name(str(values['name']))}|{values['phone']}"))
    return found


def company_name(name: str) -> str:
    """A name for comparing: without the form of company, quotes, order of words, accents.

    A name that is nothing but a form of company stays as it is.
    """
    words = " ".join("".join(c if c.isalnum() or c in LOST else " " for c in plain(name)).split())
    bare = words
    for form in FORMS_OF_COMPANY:
        bare = " ".join(f" {bare} ".replace(f" {form} ", " ").split())
    return " ".join(sorted((bare or words).split()))


def lost_letters(name: str) -> str | None:
    """A pattern for LIKE that finds the plain name whose letters were lost; None if none were."""
    words = plain(name)
    if not any(mark in words for mark in LOST):
        return None
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return "".join("_" if letter in LOST else letter for letter in escaped)
