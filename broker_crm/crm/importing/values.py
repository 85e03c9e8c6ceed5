"""Reads one cell by the kind of its field, as people write dates, amounts and codes."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from broker_crm.crm.identifiers import IdentifierRejected, company_code, phone, vat_code
from broker_crm.crm.importing.fields import ImportField
from broker_crm.definitions.forms import FieldError

DATES = (
    re.compile(r"(?P<y>\d{4})[-./](?P<m>\d{1,2})[-./](?P<d>\d{1,2})\.?"),
    re.compile(r"(?P<d>\d{1,2})[-./](?P<m>\d{1,2})[-./](?P<y>\d{4})\.?"),
)
"""2026-11-23, 2026.11.23, 23.11.2026 and their like; the day never stands in the middle."""
YES = frozenset({"taip", "t", "yes", "y", "1", "x", "+"})
NO = frozenset({"ne", "n", "no", "0", "-"})
LONGEST = 200
MOST = Decimal(10) ** 9


class Wrong(Exception):
    """A cell can't be read as its field wants it."""

    def __init__(self, code: str, **limits: int) -> None:
        super().__init__(code)
        self.error = FieldError(code, limits)


def value_of(field: ImportField, text: str) -> object:
    """The value of a cell, None when it is empty.

    Args:
        field: what the cell holds.
        text: as it stands in the file.

    Raises:
        Wrong: with the code of what is wrong.
    """
    text, kind = text.strip(), field.kind
    if not text:
        return None
    if kind == "date":
        return _date(text)
    if kind == "yes-no":
        return _yes_no(text)
    if kind in ("amount", "number"):
        number = _amount(text) if kind == "amount" else _number(text)
        if field.most is not None and number > field.most:
            raise Wrong("max", max=field.most)
        return number
    if kind == "email" and not re.fullmatch(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+", text):
        raise Wrong("email")
    try:
        if kind == "code":
            return company_code(text)
        if kind == "vat":
            return vat_code(text)
        if kind == "phone":
            return phone(text)
    except IdentifierRejected as error:
        code = {"code": "notCompanyCode", "vat": "notVatCode", "phone": "phone"}[kind]
        raise Wrong(code) from error
    longest = field.most or LONGEST
    if len(text) > longest:
        raise Wrong("maxLength", maxLength=longest)
    return text


def _date(text: str) -> date:
    for shape in DATES:
        found = shape.fullmatch(text)
        if found:
            try:
                return date(int(found["y"]), int(found["m"]), int(found["d"]))
            except ValueError as error:
                raise Wrong("notADay") from error
    raise Wrong("notADay")


def _amount(text: str) -> Decimal:
    digits = re.sub(r"[\s\u00a0€]|EUR|%", "", text, flags=re.IGNORECASE)
    if "," in digits and "." in digits:
        thousands = "," if digits.rindex(".") > digits.rindex(",") else "."
        digits = digits.replace(thousands, "")
    try:
        amount = Decimal(digits.replace(",", "."))
    except InvalidOperation as error:
        raise Wrong("notAnAmount") from error
    if not amount.is_finite() or not 0 <= amount < MOST:
        raise Wrong("notAnAmount")
    return amount.quantize(Decimal("0.01"))


def _number(text: str) -> int:
    digits = re.sub(r"\s", "", text)
    if not re.fullmatch(r"[0-9]{1,7}", digits):
        raise Wrong("integer")
    return int(digits)


def _yes_no(text: str) -> bool:
    word = text.casefold()
    if word not in YES | NO:
        raise Wrong("yesOrNo")
    return word in YES
