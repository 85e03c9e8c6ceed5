"""Greetings in the vocative, and codes that must fit."""

from __future__ import annotations

import pytest

from broker_crm.crm import identifiers
from broker_crm.crm.models import Client, ContactPerson
from broker_crm.crm.vocative import greeting, vocative
from broker_crm.process.plain_text import sort_key

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
    assert identifiers.vat_code("lt 123456715") == "LT123456715"
    assert identifiers.vat_code("LV 40003521600") == "LV40003521600"
    assert identifiers.phone("8 612 34567") == "+37061234567"
    assert identifiers.phone("+370 612 34567") == "+37061234567"
    assert identifiers.phone("(8-5) 212 3456") == "+37052123456"
    for text in ("LV123456789", "LT12345", "123456789", "LT123456785", "LT123456716"):
        with pytest.raises(identifiers.IdentifierRejected):
            identifiers.vat_code(text)
    for text in ("", "abc", "12", "8" * 30, "+37012345678"):
        with pytest.raises(identifiers.IdentifierRejected):
            identifiers.phone(text)


@pytest.mark.parametrize(
    "code",
    ["305519977", "182883430", "125438737", "126262886", "125488416", "300530005", "302811111"],
)
def test_codes_of_real_companies_are_right_though_most_could_not_be_vat_codes(code: str) -> None:
    assert identifiers.company_code(code) == code
    assert identifiers.company_code("1234567") == "1234567"


def test_personal_codes_are_checked_and_never_repeated_in_the_refusal() -> None:
    assert identifiers.personal_code("3330924 0064") == "33309240064"
    for text in ("33309240063", "33313240064", "333092400", "", "LT33309240064"):
        with pytest.raises(identifiers.IdentifierRejected) as refused:
            identifiers.personal_code(text)
        assert not text or text not in str(refused.value)


def test_names_sort_as_the_lithuanian_alphabet_does() -> None:
    ordered = [
        "1 Draudimas",
        "Abakas",
        "Ąbakas",
        "Acas",
        "Ągas",
        "Čekas",
        "Eras",
        "Ęras",
        "Ėras",
        "Esas",
        "Ilgas",
        "Ylgas",
        "Ilgis",
        "Jonas",
        "Sala",
        "Sūris",
        "Šala",
        "Uga",
        "Ųga",
        "Ūga",
        "Zala",
        "Žala",
    ]
    backwards = list(reversed(ordered))
    assert sorted(backwards, key=sort_key) == ordered
    assert sort_key("UAB „Ąžuolas“") == sort_key('uab "ąžuolas"')
    assert len(sort_key("ž" * 500)) <= 200 and sort_key("").isdigit()
