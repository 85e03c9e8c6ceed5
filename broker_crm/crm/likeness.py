"""By what two records of one client are known to be one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broker_crm.process.plain_text import plain

FORMS_OF_COMPANY = ("uzdaroji akcine bendrove", "uab", "akcine bendrove", "ab", "mb", "vsi", "ii")
TOLD_BY = ("code", "vat_code", "email", "name", "phone")
"""Fields that tell clients from each other."""


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
    """A name for comparing: without the form of company, quotes, order of words, accents."""
    words = plain(name)
    for form in FORMS_OF_COMPANY:
        words = f" {words} ".replace(f" {form} ", " ")
    return " ".join(sorted("".join(c if c.isalnum() else " " for c in words).split()))
