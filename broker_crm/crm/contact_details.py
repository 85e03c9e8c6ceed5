"""E-mail address and telephone number as the forms of people, insurers and their contacts ask."""

from __future__ import annotations

from broker_crm.crm import identifiers
from broker_crm.crm.client_records import EMAIL
from broker_crm.crm.identifiers import IdentifierRejected
from broker_crm.definitions.forms import FieldError


def checked_phone(
    email: str | None, phone: str | None, wrong: dict[str, list[FieldError]]
) -> str | None:
    """Check both; either may be left out.

    Args:
        email: as typed.
        phone: as typed.
        wrong: gets what is wrong under `email` and `phone`.

    Returns:
        The number as it is kept.
    """
    if email and not EMAIL.fullmatch(email):
        wrong["email"] = [FieldError("email")]
    try:
        return identifiers.phone(phone) if phone else None
    except IdentifierRejected:
        wrong["phone"] = [FieldError("phone")]
        return None
