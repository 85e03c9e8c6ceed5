"""What registration pages send: texts read into typed values, wrong ones named by their field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from flask import request

from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.web.form_messages import in_language

LONGEST = 4_000


class Sent:
    """The form of a request; remembers what could not be read."""

    def __init__(self) -> None:
        self.wrong: dict[str, list[FieldError]] = {}

    def text(self, name: str, most: int = 200) -> str:
        found = request.form.get(name, "").strip()
        if len(found) > most:
            self.wrong[name] = [FieldError("maxLength", {"maxLength": most})]
        return found[:most]

    def number(self, name: str) -> int | None:
        found = request.form.get(name, "").strip()
        if not found:
            return None
        if found.isascii() and found.isdigit() and len(found) < 10:
            return int(found)
        self.wrong[name] = [FieldError("integer")]
        return None

    def amount(self, name: str) -> Decimal | None:
        """An amount in EUR; a decimal comma and spaces between digits are read too."""
        found = "".join(request.form.get(name, "").replace(",", ".").split())
        if not found:
            return None
        try:
            amount = Decimal(found)
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite():
            self.wrong[name] = [FieldError("type")]
            return None
        return amount.quantize(Decimal("0.01")) if abs(amount) < 10**12 else amount

    def optional_day(self, name: str) -> date | None:
        """A day, or None where the field is empty."""
        return self.day(name) if request.form.get(name, "").strip() else None

    def figure(self, name: str) -> Decimal | None:
        """A number with up to four decimals, such as a percentage; a decimal comma is read too."""
        found = "".join(request.form.get(name, "").replace(",", ".").split())
        if not found:
            return None
        try:
            figure = Decimal(found)
        except InvalidOperation:
            figure = Decimal("NaN")
        if not figure.is_finite() or abs(figure) > 10**9:
            self.wrong[name] = [FieldError("type")]
            return None
        if figure != figure.quantize(Decimal("0.0001")):
            self.wrong[name] = [FieldError("decimalDigits", {"digits": 4})]
            return None
        return figure

    def day(self, name: str) -> date | None:
        found = request.form.get(name, "").strip()
        try:
            return date.fromisoformat(found)
        except ValueError:
            self.wrong[name] = [FieldError("required" if not found else "type")]
            return None

    def refuse(self, name: str, code: str) -> None:
        """Note that a field is wrong, by the code of the error."""
        self.wrong[name] = [FieldError(code)]

    def refuse_unread(self) -> None:
        """Raise what could not be read.

        Raises:
            FormRejected: naming the fields.
        """
        if self.wrong:
            raise FormRejected(self.wrong)


def told(refusal: FormRejected | None) -> Mapping[str, list[str]]:
    """Messages by field in the visitor's language."""
    return in_language(refusal.errors) if refusal else {}
