"""Greetings in the vocative, and codes that must fit."""

from __future__ import annotations

import pytest

from broker_crm.crm import identifiers
from broker_crm.crm.models import Client, ContactPerson
from broker_crm.crm.vocative import greeting, vocative

NAMES = {
    "Jonas": "Jonai",
    "Tomas": "Tomai",
    "Mindaugas": "Mindaugai",
    "Arvydas": "Arvydai",
    "Petras": "Petrai",
    "Ignas": "Ignai",
    "Rokas": "Rokai",
    "Andrius": "Andriau",
    "Saulius": "Sauliau",
    "Paulius": "Pauliau",
    "Giedrius": "Giedriau",
    "Darius": "Dariau",
    "Julius": "Juliau",
    "Vytenis": "Vyteni",
    "Gintaras": "Gintarai",
    "Kęstutis": "Kęstuti",
    "Algis": "Algi",
    "Stasys": "Stasy",
    "Martynas": "Martynai",
    "Edvardas": "Edvardai",
    "Eglė": "Egle",
    "Agnė": "Agne",
    "Ieva": "Ieva",
    "Rūta": "Rūta",
    "Ona": "Ona",
    "Daiva": "Daiva",
    "Birutė": "Birute",
    "Kazlauskas": "Kazlauskai",
    "Kazlauskienė": "Kazlauskiene",
    "Kazlauskaitė": "Kazlauskaite",
    "Butkus": "Butkau",
    "Navickas": "Navickai",
    "Gaidys": "Gaidy",
    "Petraitis": "Petraiti",
    "John": "John",
    "Maria": "Maria",
    "Hugo": "Hugo",
}


@pytest.mark.parametrize("name", NAMES)
def test_people_are_called_in_the_vocative(name: str) -> None:
    assert vocative(name) == NAMES[name]


def test_how_letters_begin() -> None:
    jonas = ContactPerson(first_name="Jonas", surname="Petraitis")
    company, foreign = Client(kind="legal"), Client(kind="foreign")
    assert greeting(jonas, company, "lt") == "Gerb. Jonai,"
    assert greeting(jonas, company, "en") == "Dear Jonas Petraitis,"
    assert greeting(jonas, foreign, "lt") == "Gerb. Jonas Petraitis,"
    assert greeting(None, company, "lt") == "Laba diena,"
    assert greeting(None, company, "en") == "Dear Sir or Madam,"
    jonas.vocative = "Jonuk"
    assert greeting(jonas, company, "lt") == "Gerb. Jonuk,"


@pytest.mark.parametrize("first", ["12345678", "30000000", "99999999", "12000000"])
def test_a_company_code_needs_its_check_digit(first: str) -> None:
    right = first + identifiers.company_check_digit(first)
    assert identifiers.company_code(f" {right[:3]} {right[3:]} ") == right
    wrong = first + str((int(right[-1]) + 1) % 10)
    with pytest.raises(identifiers.IdentifierRejected, match="last digit"):
        identifiers.company_code(wrong)


@pytest.mark.parametrize("text", ["", "12345678", "1234567890", "abcdefghi", "１２３４５６７８９"])
def test_other_texts_are_no_company_codes(text: str) -> None:
    with pytest.raises(identifiers.IdentifierRejected, match="nine digits"):
        identifiers.company_code(text)


def test_vat_codes_and_telephones() -> None:
    assert identifiers.vat_code("lt 123456789") == "LT123456789"
    assert identifiers.phone("8 612 34567") == "+37061234567"
    assert identifiers.phone("+370 612 34567") == "+37061234567"
    assert identifiers.phone("(8-5) 212 3456") == "+37052123456"
    for text in ("LV123456789", "LT12345", "123456789"):
        with pytest.raises(identifiers.IdentifierRejected):
            identifiers.vat_code(text)
    for text in ("", "abc", "12", "8" * 30):
        with pytest.raises(identifiers.IdentifierRejected):
            identifiers.phone(text)
