"""Codes and numbers of clients: company, VAT and personal code, bank account, telephone."""

from __future__ import annotations

import re

import phonenumbers
from stdnum import iban
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.lt import asmens, pvm


class IdentifierRejected(Exception):
    """A code or number can't be right; the message says why."""


def company_check_digit(first_eight: str) -> str:
    """The ninth digit of a Lithuanian company code.

    Weights 1 to 8, sum modulo 11; for 10 again with weights 3 4 5 6 7 8 9 1, and 10 becomes 0.
    """
    digits = [int(digit) for digit in first_eight]
    rest = sum(weight * digit for weight, digit in zip(range(1, 9), digits, strict=True)) % 11
    if rest == 10:
        weights = (3, 4, 5, 6, 7, 8, 9, 1)
        rest = sum(weight * digit for weight, digit in zip(weights, digits, strict=True)) % 11
    return str(rest % 10)


def company_code(text: str) -> str:
    """A company code without spaces; old ones of seven digits have no check digit.

    Raises:
        IdentifierRejected: when it has not nine digits or the check digit is wrong.
    """
    code = re.sub(r"\s", "", text)
    if re.fullmatch(r"[0-9]{7}", code):
        return code
    if not re.fullmatch(r"[0-9]{9}", code):
        raise IdentifierRejected(f"“{text}” is no company code: it has nine digits.")
    if company_check_digit(code[:8]) != code[8]:
        raise IdentifierRejected(f"“{text}” is no company code: its last digit does not fit.")
    return code


def vat_code(text: str) -> str:
    """A VAT code in capitals without spaces: Lithuanian, or of another state of the Union.

    Of a Lithuanian one the marker digit (the last but one is 1) and the check digit are checked.

    Raises:
        IdentifierRejected: when its length or digits are wrong.
    """
    code = re.sub(r"[\s.-]", "", text).upper()
    if re.fullmatch(r"(?!LT)[A-Z]{2}[0-9A-Z+*]{2,12}", code):
        try:
            return str(eu_vat.validate(code))
        except ValidationError as error:
            raise IdentifierRejected(f"“{text}” is no VAT code.") from error
    if not re.fullmatch(r"LT([0-9]{9}|[0-9]{12})", code):
        raise IdentifierRejected(f"“{text}” is no VAT code: LT and 9 or 12 digits.")
    try:
        pvm.validate(code)
    except ValidationError as error:
        raise IdentifierRejected(f"“{text}” is no VAT code: its digits do not fit.") from error
    return code


def personal_code(text: str) -> str:
    """A Lithuanian personal code of eleven digits without spaces.

    First digit 1 to 8 tells century and sex, six the birth date, the last checks the others; codes
    that begin with 9 have no birth date.

    Raises:
        IdentifierRejected: when its length, date or check digit is wrong; the code is not repeated
            in the message.
    """
    code = re.sub(r"[\s-]", "", text)
    try:
        return str(asmens.validate(code))
    except ValidationError as error:
        raise IdentifierRejected("This is no personal code.") from error


def bank_account(text: str) -> str:
    """An IBAN without spaces.

    Raises:
        IdentifierRejected: when its length, country or check digits are wrong.
    """
    try:
        return str(iban.validate(text))
    except ValidationError as error:
        raise IdentifierRejected(f"“{text}” is no IBAN.") from error


def phone(text: str, country: str = "LT") -> str:
    """A telephone number as E.164; 8-… and 0-… are taken as Lithuanian.

    Raises:
        IdentifierRejected: when it can't be a number.
    """
    digits = re.sub(r"[\s()-]", "", text)
    if country == "LT" and re.fullmatch(r"8[0-9]{8}", digits):
        digits = "0" + digits[1:]
    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException as error:
        raise IdentifierRejected(f"“{text}” is no telephone number.") from error
    lithuanian = number.country_code == 370
    if not phonenumbers.is_possible_number(number) or (
        lithuanian and not phonenumbers.is_valid_number(number)
    ):
        raise IdentifierRejected(f"“{text}” has too few or too many digits.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
