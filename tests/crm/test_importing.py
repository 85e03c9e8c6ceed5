"""Files of clients and policies, as real offices have them, come in whole or not at all."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broker_crm.crm import importing
from broker_crm.crm.identifiers import company_check_digit
from broker_crm.crm.importing import ImportRefused, Unreadable
from broker_crm.crm.models import Client, ImportBatch, Instalment, Insurer, Policy, Product
from broker_crm.process.models import PendingMessage


def company(number: int) -> str:
    """A company code that no sample client has."""
    first = f"99{number:06d}"
    return first + company_check_digit(first)


def file_of(*lines: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join(lines).encode(encoding)


def received(office: Session, content: bytes, kind: str = "clients") -> ImportBatch:
    return importing.receive(office, kind, "file.csv", content, by="manager")


def planned(office: Session, batch: ImportBatch) -> importing.Plan:
    assert batch.content is not None
    return importing.plan(office, batch.kind, importing.read(batch.content), batch.mapping)


def errors(office: Session, batch: ImportBatch) -> dict[int, dict[str, str]]:
    return {
        row.number: {key: error.code for key, error in row.errors.items()}
        for row in planned(office, batch).faulty
    }


def how_many(office: Session, table: type) -> int:
    return office.scalar(select(func.count()).select_from(table)) or 0


HEADING = "Pavadinimas;Įmonės kodas;El. paštas;Telefonas;VIP"


@pytest.mark.parametrize("encoding", ["cp1257", "utf-8", "utf-8-sig"])
def test_clients_come_in_from_a_lithuanian_office_s_csv(office: Session, encoding: str) -> None:
    content = file_of(
        HEADING,
        f"UAB „Šilų žvejys“;{company(1)};info@zvejys.example;8 612 34567;taip",
        "Žydrūnė Ąžuolaitė;;zydrune@example.lt;+37061234568;",
        encoding=encoding,
    )
    batch = received(office, content)
    importing.bring_in(office, batch.id)
    assert (batch.created, batch.updated, batch.unchanged) == (2, 0, 0)
    (fisher,) = office.scalars(select(Client).where(Client.code == company(1)))
    assert (fisher.name, fisher.kind, fisher.phone, fisher.vip) == (
        "UAB „Šilų žvejys“",
        "legal",
        "+37061234567",
        True,
    )
    (person,) = office.scalars(select(Client).where(Client.email == "zydrune@example.lt"))
    assert (person.kind, person.search_name) == ("natural", "zydrune azuolaite")
    assert batch.content is None, "the file is not kept longer than it is needed"


def test_a_known_code_updates_instead_of_duplicating_and_keeps_what_the_file_lacks(
    office: Session,
) -> None:
    known = office.scalars(select(Client).where(Client.code.is_not(None))).first()
    assert known is not None
    before, address = how_many(office, Client), known.address
    batch = received(office, file_of(HEADING, f"{known.name};{known.code};naujas@example.lt;;"))
    (row,) = planned(office, batch).rows
    assert (row.action, row.record_id) == ("updated", known.id)
    importing.bring_in(office, batch.id)
    assert how_many(office, Client) == before
    assert (known.email, known.address) == ("naujas@example.lt", address)


def test_the_same_file_again_changes_nothing(office: Session) -> None:
    content = file_of(HEADING, f"UAB Du;{company(2)};du@example.lt;861234567;ne")
    importing.bring_in(office, received(office, content).id)
    again = importing.bring_in(office, received(office, content).id)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)


@pytest.mark.parametrize(
    "name", ["UAB „Trys  kalnai“", "Trys kalnai, UAB", "Uždaroji akcinė bendrovė Trys Kalnai"]
)
def test_a_company_is_known_by_name_and_telephone_however_its_form_is_written(
    office: Session, name: str
) -> None:
    first = received(office, file_of(HEADING, "UAB Trys kalnai;;;861299999;"))
    importing.bring_in(office, first.id)
    again = received(office, file_of(HEADING, f"{name};;;+370 612 99999;"))
    (row,) = planned(office, again).rows
    assert row.action == "updated" and row.record_id is not None


def test_every_wrong_cell_is_named_with_its_row_and_nothing_is_brought_in(office: Session) -> None:
    before = how_many(office, Client)
    batch = received(
        office,
        file_of(
            "Pavadinimas;Įmonės kodas;PVM kodas;El. paštas;Telefonas;VIP;Tipas;Vadybininkas;"
            "Darbuotojų;Kalba",
            f"Gera;{company(3)};;gera@example.lt;861234567;taip;Juridinis;;12;lt",
            ";123456789;LT12;ne-pastas;123;gal;ateivis;nobody;daug;klingonų",
            f"{'x' * 201};;;;;;;;;",
            f"Ta pati;{company(3)};;;;;;;;",
            "Kas;;;;;;ateivis;nobody;;suomių",
        ),
    )
    assert errors(office, batch) == {
        3: {
            "name": "required",
            "code": "notCompanyCode",
            "vat_code": "notVatCode",
            "email": "email",
            "phone": "phone",
            "vip": "yesOrNo",
            "staff": "integer",
        },
        4: {"name": "maxLength"},
        5: {"code": "twiceInFile"},
        6: {"kind": "option", "owner": "noSuchPerson", "language": "option"},
    }
    assert [row.shown for row in planned(office, batch).faulty][-2:] == ["Ta pati", "Kas"]
    with pytest.raises(ImportRefused) as refused:
        importing.bring_in(office, batch.id)
    assert (refused.value.code, refused.value.places) == ("faulty", ["3", "4", "5", "6"])
    assert how_many(office, Client) == before and batch.state == "read"


def policies(*rows: str) -> bytes:
    heading = "Poliso Nr.;Draudikas;Rūšis;Klientas;Galioja nuo;Galioja iki;Įmoka;Komisiniai"
    return file_of(heading, *rows, encoding="cp1257")


@pytest.fixture
def named(office: Session) -> str:
    """Insurer, product and client, as a row names them."""
    insurer = office.scalars(select(Insurer).order_by(Insurer.id)).first()
    product = office.scalars(select(Product).order_by(Product.id)).first()
    client = office.scalars(select(Client).where(Client.code.is_not(None))).first()
    assert insurer and product and client
    return f"{insurer.name};{product.name};{client.code}"


def test_policies_come_in_with_every_style_of_date_and_amount(office: Session, named: str) -> None:
    content = policies(
        f"P-1;{named};2026-01-01;2026-12-31;1 234,50;12",
        f"P-2;{named};2026.02.01;2027.01.31;1.234,50 €;12,5",
        f"P-3;{named};01.03.2026;28.02.2027;1,234.50;12.5 %",
    )
    batch = received(office, content, "policies")
    importing.bring_in(office, batch.id)
    found = {
        each.number: each
        for each in office.scalars(select(Policy).where(Policy.number.like("P-%")))
    }
    assert {each.premium for each in found.values()} == {Decimal("1234.50")}
    assert found["P-3"].starts_on == date(2026, 3, 1)
    assert found["P-2"].commission_percent == Decimal("12.50")
    for policy in found.values():
        owed = select(func.sum(Instalment.amount)).where(Instalment.policy_id == policy.id)
        assert office.scalar(owed) == policy.premium


def test_a_workbook_is_read_with_excel_s_own_dates_and_numbers(office: Session, named: str) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(
        ["Polisas", "Draudikas", "Produktas", "Klientas", "Nuo", "Iki", "Įmoka", "Draudimo suma"]
    )
    start, end = date(2026, 5, 1), date(2027, 4, 30)
    sheet.append([70001, *named.split(";"), start, end, 99.9, 15000])
    packed = io.BytesIO()
    book.save(packed)
    importing.bring_in(office, received(office, packed.getvalue(), "policies").id)
    (policy,) = office.scalars(select(Policy).where(Policy.number == "70001"))
    assert (policy.premium, policy.sum_insured) == (Decimal("99.90"), Decimal(15000))
    assert (policy.starts_on, policy.ends_on) == (start, end)


def test_a_policy_names_known_records_and_possible_days(office: Session, named: str) -> None:
    importing.bring_in(
        office,
        received(office, policies(f"P-1;{named};2026-01-01;2026-12-31;100;1"), "policies").id,
    )
    insurer, product, client = named.split(";")
    batch = received(
        office,
        policies(
            "P-4;Niekas;Nieko;Niekieno;2026-01-01;2026-12-31;1;1",
            f"P-5;{insurer};{product};{client};2026-13-01;2026-12-31;-5;1",
            f"P-6;{insurer};{product};{client};2026-12-31;2026-01-01;5;1",
            f"P-7;{insurer};{product};{client};2026-01-01;2026-12-31;5;1",
            f"P-7;{insurer};{product};{client};2026-01-01;2026-12-31;5;1",
            f"P-1;{insurer};{product};{client};2026-01-01;2026-12-31;777;1",
        ),
        "policies",
    )
    assert errors(office, batch) == {
        2: {"insurer": "noSuchInsurer", "product": "noSuchProduct", "client": "noSuchClient"},
        3: {"starts_on": "notADay", "premium": "notAnAmount"},
        4: {"ends_on": "endsBeforeStart"},
        6: {"number": "twiceInFile"},
        7: {"number": "changesMoney"},
    }


def test_two_clients_of_one_name_are_not_guessed_between(office: Session, named: str) -> None:
    twins = received(
        office, file_of(HEADING, "Jonas Jonaitis;;a@example.lt;;", "Jonas Jonaitis;;b@example.lt;;")
    )
    importing.bring_in(office, twins.id)
    insurer, product, _client = named.split(";")
    batch = received(
        office,
        policies(f"P-8;{insurer};{product};Jonas Jonaitis;2026-01-01;2026-12-31;5;1"),
        "policies",
    )
    assert errors(office, batch) == {2: {"client": "severalClients"}}


def test_taking_back_deletes_what_is_new_and_restores_what_was_changed(office: Session) -> None:
    known = office.scalars(select(Client).where(Client.code.is_not(None))).first()
    assert known is not None
    name, count = known.name, how_many(office, Client)
    batch = received(
        office,
        file_of(HEADING, f"Kitaip;{known.code};;;", f"UAB Nauja;{company(4)};;;"),
    )
    importing.bring_in(office, batch.id)
    assert (known.name, how_many(office, Client)) == ("Kitaip", count + 1)
    importing.undo(office, batch.id, by="manager")
    assert (known.name, how_many(office, Client), batch.state) == (name, count, "undone")
    with pytest.raises(ImportRefused) as twice:
        importing.undo(office, batch.id, by="manager")
    assert twice.value.code == "notImported"


def test_what_people_built_on_is_not_taken_back(office: Session) -> None:
    batch = received(office, file_of(HEADING, f"UAB Nauja;{company(5)};;;", "Kita;;k@example.lt;;"))
    importing.bring_in(office, batch.id)
    (new,) = office.scalars(select(Client).where(Client.code == company(5)))
    insurer, product = (
        office.scalars(select(Insurer)).first(),
        office.scalars(select(Product)).first(),
    )
    assert insurer and product
    row = f"P-9;{insurer.name};{product.name};{new.code};2026-01-01;2026-12-31;5;1"
    importing.bring_in(office, received(office, policies(row), "policies").id)
    with pytest.raises(ImportRefused) as refused:
        importing.undo(office, batch.id, by="manager")
    assert (refused.value.code, refused.value.places) == ("builtOn", ["2"])
    assert office.get(Client, new.id) is not None and batch.state == "imported"


def test_a_changed_client_that_was_changed_again_is_not_taken_back(office: Session) -> None:
    known = office.scalars(select(Client).where(Client.code.is_not(None))).first()
    assert known is not None
    batch = received(office, file_of(HEADING, f"Kitaip;{known.code};;;"))
    importing.bring_in(office, batch.id)
    known.name = "Dar kitaip"
    with pytest.raises(ImportRefused) as refused:
        importing.undo(office, batch.id, by="manager")
    assert refused.value.code == "builtOn" and known.name == "Dar kitaip"


@pytest.mark.parametrize("start", [True, False])
def test_sales_begin_for_new_clients_only_when_asked_for(office: Session, start: bool) -> None:
    known = office.scalars(select(Client).where(Client.code.is_not(None))).first()
    assert known is not None
    batch = received(office, file_of(HEADING, f"UAB Nauja;{company(6)};;;", f"K;{known.code};;;"))
    product = office.scalars(select(Product).order_by(Product.id)).first()
    assert product is not None
    importing.bring_in(office, batch.id, sell=product.id if start else None)
    queued = office.scalars(select(PendingMessage.payload)).all()
    (new,) = office.scalars(select(Client).where(Client.code == company(6)))
    payload = {"clientId": new.id, "productId": product.id, "owner": "manager"}
    assert queued == ([payload] if start else [])


def test_a_file_is_brought_in_once_and_a_thrown_away_one_never(office: Session) -> None:
    batch = received(office, file_of(HEADING, f"UAB Nauja;{company(7)};;;"))
    importing.bring_in(office, batch.id)
    other = received(office, file_of(HEADING, f"UAB Nauja;{company(8)};;;"))
    importing.give_up(office, other.id)
    for each in (batch, other):
        with pytest.raises(ImportRefused) as refused:
            importing.bring_in(office, each.id)
        assert refused.value.code == "notOpen"
        with pytest.raises(ImportRefused):
            importing.give_up(office, each.id)
        with pytest.raises(ImportRefused):
            importing.remap(office, each.id, {})


def test_a_mended_file_takes_the_place_of_the_one_before(office: Session) -> None:
    first = received(office, file_of(HEADING, "UAB Bloga;1;;;"))
    second = received(office, file_of(HEADING, f"UAB Gera;{company(1)};;;"))
    office.refresh(first)
    assert (first.state, first.content, second.state) == ("given-up", None, "read")


def test_columns_are_guessed_by_their_headings_and_chosen_by_people(office: Session) -> None:
    batch = received(office, file_of("Firma;Kodas;Kažkas", f"UAB Kita;{company(9)};x"))
    assert batch.mapping == {"code": "Kodas"}
    with pytest.raises(ImportRefused) as refused:
        importing.bring_in(office, batch.id)
    assert (refused.value.code, refused.value.places) == ("missing", ["name"])
    importing.remap(office, batch.id, {"name": "Firma", "code": "Kodas", "email": "Nėra", "x": "x"})
    assert batch.mapping == {"name": "Firma", "code": "Kodas"}
    importing.bring_in(office, batch.id)
    assert office.scalars(select(Client.name).where(Client.code == company(9))).one() == "UAB Kita"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "noRows"),
        (b"name;code\r\n", "noRows"),
        (b"\x00\x01\x02;\r\n1;2", "notATable"),
        (b"PK\x03\x04 but no workbook", "notATable"),
        (b"a;a\r\n1;2", "sameColumn"),
        (b"a;" * 101 + b"a\r\n1", "notATable"),
        (b"a;b\r\n" + b"1;2\r\n" * 20_001, "tooManyRows"),
        (b"x" * (importing.MOST_BYTES + 1), "tooBig"),
        (b'a;b\r\n"' + b"x" * 200_000, "notATable"),
    ],
    ids=["empty", "heading", "binary", "zip", "twins", "wide", "long", "big", "unclosed"],
)
def test_what_is_no_table_is_refused_with_the_reason(content: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        importing.read(content)
    assert refused.value.code == code
