"""The managers' questions on pages and in the API: what is said, to whom, about which part."""

from __future__ import annotations

import html
import io
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from broker_crm import clock
from broker_crm.crm import complaints
from broker_crm.crm.complaints import Registration
from broker_crm.crm.models import Client, Offer, OfferDeviation, OfferLine, Product
from broker_crm.people.models import Team, User

from .conftest import Site

ALL = [f"Q{number}" for number in range(1, 15)]
OF_PRODUCTS = ["Q8", "Q9", "Q10"]
LETTER = {
    "introLetterOutcome": "send",
    "letterLanguage": "lt",
    "recipientEmail": "info@klientas.example",
}
WEEK = "from=2026-11-23&to=2026-12-04"


@pytest.fixture
def late(site: Site) -> Site:
    """The first step of the sale is open and four working days late."""
    site.clock.advance(timedelta(days=8))
    return site


def ask(site: Site, login: str, path: str, language: str = "en", expected: int = 200) -> Any:
    headers = {**site.bearer(login), "Accept-Language": language}
    answer = site.app.test_client().get(f"/api/answers{path}", headers=headers)
    assert answer.status_code == expected, answer.text
    return answer.json


def test_the_api_lists_fourteen_questions_and_answers_each(late: Site) -> None:
    listed = ask(late, "manager", "")["items"]
    assert [each["id"] for each in listed] == ALL
    for each in listed:
        for by in each["breakdowns"]:
            for language in ("lt", "en"):
                told = ask(late, "manager", f"/{each['id']}?by={by}&{WEEK}", language)
                assert told["question"] and told["sentence"].endswith(".")
                assert told["by"] == by and told["small"] is (told["n"] < 20)


def test_a_late_step_is_told_with_its_case(late: Site) -> None:
    told = ask(late, "manager", f"/Q2?{WEEK}&by=step")
    assert told["n"] == 1 and told["value"] == 1.0 and told["unit"] == "share"
    assert told["sentence"].startswith("Late on 1 of 1 step, ")
    assert [row["label"] for row in told["rows"]] == ["1. E-mail"]
    assert told["cases"]["total"] == 1 and told["cases"]["hidden"] == 0
    [place] = told["cases"]["items"]
    assert place["instance"] == str(late.instance_id) and place["task"] == str(late.task_id)
    assert place["value"] > 0
    lithuanian = ask(late, "manager", f"/Q2?{WEEK}&by=step", "lt")
    assert lithuanian["sentence"].startswith("Vėluota atlikti 1 iš 1 žingsnio, vidutiniškai ")
    assert lithuanian["rows"][0]["label"] == "1. El. laiškas"


@pytest.mark.parametrize(
    "narrower", ["process=renewal", "product=cargo", "client_kind=natural", "from=2027-01-01"]
)
def test_filters_narrow(late: Site, narrower: str) -> None:
    assert ask(late, "manager", f"/Q2?{narrower}")["n"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-02-02&to=2026-01-01", "from"),
        ("from=0001-01-01", "from"),
        ("period=decade", "period"),
        ("process=unknown", "process"),
        ("version=two", "version"),
        ("version=99999", "version"),
        ("version=9999999999999999999", "version"),
        ("product=unknown", "product"),
        ("person=nobody", "person"),
        ("team=nobody", "team"),
        ("step=nowhere", "step"),
        ("sector=mining", "sector"),
        ("size=huge", "size"),
        ("region=Atlantis", "region"),
        ("vip=maybe", "vip"),
        ("complexity=D", "complexity"),
        ("price_band=P9", "price_band"),
        ("client_kind=ghost", "client_kind"),
        ("by=colour", "by"),
        ("colour=red", "colour"),
    ],
)
def test_a_bad_filter_is_named(site: Site, query: str, field: str) -> None:
    told = ask(site, "manager", f"/Q2?{query}", expected=422)
    assert list(told["errors"]) == [field] and told["errors"][field][0].endswith(".")


def test_unknown_questions_are_not_found(site: Site) -> None:
    for path in ("/Q0", "/Q15", "/q2", "/%00"):
        ask(site, "manager", path, expected=404)


@pytest.mark.parametrize("login", ["asta", "designer", "complaints", "compliance", "marketing"])
def test_others_ask_nothing(site: Site, login: str) -> None:
    ask(site, login, "", expected=403)
    ask(site, login, "/Q2", expected=403)


def test_a_salesperson_sees_only_the_own_figures(late: Site) -> None:
    own = ask(late, late.owner, f"/Q2?{WEEK}&person={late.colleague}&team=kaunas")
    assert own["about"]["person"] == late.owner and "team" not in own["about"]
    assert [row["key"] for row in own["rows"]] == [late.owner]
    assert "The whole team: late on 1 of 1 step" in own["sentence"]
    other = ask(late, late.colleague, f"/Q2?{WEEK}&person={late.owner}")
    assert other["rows"] == [] and other["cases"]["items"] == []
    assert "best" not in ask(late, late.owner, "/Q5")["facts"]
    ask(late, late.owner, "/Q9?by=approver", expected=422)


def test_who_is_in_no_team_is_not_shown_the_whole_company_as_a_team(late: Site) -> None:
    assert "The whole team" in ask(late, late.owner, f"/Q2?{WEEK}")["sentence"]
    with late.factory.begin() as session:
        session.get_one(User, late.owner).team_key = None
    assert "The whole team" not in ask(late, late.owner, f"/Q2?{WEEK}")["sentence"]


def test_a_product_manager_asks_of_own_products(late: Site) -> None:
    assert [each["id"] for each in ask(late, "product", "")["items"]] == OF_PRODUCTS
    ask(late, "product", "/Q2", expected=403)
    own = ask(late, "product", "/Q8")["about"]["products"]
    with late.factory.begin() as session:
        session.execute(update(Product).values(product_manager="manager"))
    assert "liability" in own and ask(late, "product", "/Q8")["about"]["products"] == []


def test_cases_hidden_from_the_reader_are_counted_but_not_told(late: Site) -> None:
    with late.factory.begin() as session:
        complaints.register(
            session,
            Registration(
                received_on=date(2026, 11, 23),
                channel="email",
                complainant="Ona Žukauskienė",
                complainant_email="ona@pareiskeja.example",
                subject="delay",
                description="Pasiūlymo laukiu jau mėnesį.",
                employee="manager",
            ),
            by="jonas",
        )
    late.clock.advance(timedelta(days=21))
    query = "/Q2?process=complaint&period=all"
    admin, manager = ask(late, "admin", query), ask(late, "manager", query)
    assert admin["cases"]["total"] == manager["cases"]["total"] > 0
    assert admin["cases"]["hidden"] == 0 and len(admin["cases"]["items"]) > 0
    assert manager["cases"]["hidden"] > 0 and manager["cases"]["items"] == []
    page = late.visitor("manager").get(f"/questions{query}").text
    assert "Ona Žukauskienė" not in page and "pagal savo pareigas" in page
    table = late.visitor("manager").get("/questions/Q2/cases.csv?period=all").data.decode()
    assert "Ona Žukauskienė" not in table


@pytest.mark.parametrize("language", ["lt", "en"])
def test_all_questions_open_with_their_filters(late: Site, language: str) -> None:
    visitor = late.visitor("manager")
    visitor.post(f"/language/{language}")
    filters = "process=new-client-sale&period=all&person=" + late.owner
    page = visitor.get(f"/questions?{filters}").text
    asked = {"lt": "Kas ir kiek vėlavo?", "en": "Who was late, and by how much?"}[language]
    assert asked in page
    for each in ALL:
        address = f"/questions/{each}?{filters}".replace("&", "&amp;")
        assert f"/questions/{each}/card?" in page and f"/questions/{each}?" in page, address
        whole = visitor.get(f"/questions/{each}?{filters}").text
        card = visitor.get(f"/questions/{each}/card?{filters}").text
        assert "answer-main" in card and "answer-main" in whole and 'class="chip"' in whole
        assert "new-client-sale</" not in whole and ">None<" not in whole + card
        for bare in ("intro-letter<", "12-months<", "client_kind<", "price_band<"):
            assert bare not in whole, (each, bare)
    at_once = visitor.get(f"/questions?{filters}&at-once=yes").text
    assert at_once.count("answer-main") == len(ALL)


def test_a_number_leads_to_its_case_and_rows_narrow(late: Site) -> None:
    visitor = late.visitor("manager")
    page = visitor.get("/questions/Q2?period=all&by=step").text
    assert f"/instances/{late.instance_id}" in page
    narrower = re.search(r'href="(/questions/Q2\?[^"]*step=intro-letter[^"]*)"', page)
    assert narrower is not None
    again = visitor.get(html.unescape(narrower[1])).text
    assert "Žingsnis: 1. El. laiškas" in again and "1 iš 1 žingsnio" in again
    assert "period=all" in narrower[1]
    people = visitor.get("/questions/Q2?period=all").text
    assert f"/questions?period=all&amp;person={late.owner}" in people


def test_few_cases_are_said_to_be_few(late: Site) -> None:
    page = late.visitor("manager").get("/questions/Q2?period=all").text
    assert "mažai atvejų" in page and 'class="answer-figure few"' in page


def test_blank_fields_of_the_form_leave_the_address(site: Site) -> None:
    visitor = site.visitor("manager")
    answer = visitor.get("/questions/Q2?process=&vip=yes&from=&to=", 302)
    assert answer.location == "/questions/Q2?vip=yes"


@pytest.mark.parametrize("name", ["endpoint", "_method", "_scheme", "question_id"])
def test_names_of_the_address_itself_are_no_parameters(site: Site, name: str) -> None:
    manager = site.visitor("manager")
    answer = manager.get(f"/questions/Q1?{name}=Q2&by=", 302)
    assert answer.location.startswith("/questions/Q1")


def test_bad_filters_on_pages_are_told_at_the_form(site: Site) -> None:
    visitor = site.visitor("manager")
    for path in ("/questions", "/questions/Q2"):
        page = visitor.get(f"{path}?process=unknown&from=x", 422).text
        assert "Tokio proceso nėra." in page and "Tai ne data" in page
    for path in ("/questions/Q2/card", "/questions/Q2/rows.csv", "/questions/Q2/cases.xlsx"):
        visitor.get(f"{path}?process=unknown", 404)
    visitor.get("/questions/Q15", 404)
    visitor.get("/questions/diagrams/unknown/1", 404)
    visitor.get("/questions/diagrams/new-client-sale/99", 404)


def test_tables_open_in_a_spreadsheet_and_hold_no_formulas(late: Site) -> None:
    with late.factory.begin() as session:
        session.execute(
            update(Client).where(Client.id == late.client_id).values(name="=cmd()|'x'!A1")
        )
    visitor = late.visitor("manager")
    rows = visitor.get("/questions/Q2/rows.csv?period=all&by=step").data.decode("utf-8-sig")
    heading, line = rows.strip().splitlines()
    assert heading.startswith("Žingsnis;") and line.startswith("1. El. laiškas;1;1;100")
    cases = visitor.get("/questions/Q2/cases.csv?period=all").data.decode("utf-8-sig")
    assert "'=cmd()" in cases and str(late.instance_id) in cases
    for what in ("rows", "cases"):
        book = load_workbook(io.BytesIO(visitor.get(f"/questions/Q2/{what}.xlsx?period=all").data))
        lines = list(book.active.values)
        assert len(lines) == 2
        assert not any(str(cell).startswith("=") for cell in lines[1])


def test_pages_are_kept_to_their_readers(late: Site) -> None:
    seller = late.visitor(late.owner)
    page = seller.get(f"/questions/Q2?period=all&person={late.colleague}").text
    with late.factory() as session:
        names = {each.login: each.name for each in session.scalars(select(User)).unique()}
    assert names[late.owner] in page and names[late.colleague] not in page
    assert "Visa komanda: " in page and 'id="f-person"' not in page
    assert names["manager"] not in seller.get("/questions/Q5?period=all").text
    product = late.visitor("product")
    assert "Kas ir kiek vėlavo" not in product.get("/questions").text
    product.get("/questions/Q2", 403)
    product.get("/questions/Q8")
    late.visitor("designer").get("/questions", 403)


def test_the_picture_of_the_weakest_points_draws_the_process(late: Site) -> None:
    done = late.app.test_client().post(
        f"/api/tasks/{late.task_id}/complete",
        json={"variables": LETTER, "minutes": 600},
        headers=late.bearer(late.owner),
    )
    assert done.status_code == 200, done.text
    visitor = late.visitor("manager")
    assert b"<bpmn:definitions" in visitor.get("/questions/diagrams/new-client-sale/1").data
    page = visitor.get("/questions/Q13?period=all").text
    assert "/questions/diagrams/new-client-sale/1" in page
    assert "heat-5" in page and "Task_IntroLetter" in page


def test_filters_that_say_nothing_of_clients_are_told_to_be_ignored(site: Site) -> None:
    query = "/Q1?process=new-client-sale&price_band=P2&client_kind=legal"
    told = ask(site, "manager", query)
    assert told["ignored"] == ["process", "price_band"]
    sentence = "This question pays no heed to these filters: Process, Price."
    assert told["sentence"].endswith(sentence)
    assert ask(site, "manager", "/Q1?client_kind=legal")["ignored"] == []
    assert told["n"] == ask(site, "manager", "/Q1?client_kind=legal")["n"]
    assert ask(site, "manager", "/Q9?step=meeting&product=cargo")["ignored"] == ["step"]
    page = site.visitor("manager").get(f"/questions{query}").text
    assert "Į šiuos filtrus šis klausimas nekreipia dėmesio: Procesas, Kaina." in page


def test_a_salesperson_is_told_only_of_own_clients_that_look_alike(site: Site) -> None:
    def suspected(login: str) -> int:
        return ask(site, login, "/Q1")["facts"]["suspected"]

    def alike(name: str, code: str, owner: str) -> None:
        with site.factory.begin() as session:
            for turn in ("A", "B"):
                session.add(
                    Client(
                        name=f"{name} {turn}",
                        search_name=f"{name} {turn}".lower(),
                        kind="legal",
                        status="prospect",
                        vat_code=code,
                        owner=owner,
                        created_at=clock.now(),
                    )
                )

    before = suspected(site.owner), suspected("manager")
    alike("Dvyniai", "LT999000111", site.colleague)
    assert (suspected(site.owner), suspected("manager")) == (before[0], before[1] + 1)
    alike("Kalnynas", "LT999000222", site.owner)
    assert (suspected(site.owner), suspected("manager")) == (before[0] + 1, before[1] + 2)


@pytest.fixture
def offered(site: Site) -> Site:
    """Two offers of the case: a replaced one, and one of two lines, of which one deviates."""
    with site.factory.begin() as session:
        products = {each.key: each for each in session.scalars(select(Product))}
        for version, status in ((1, "replaced"), (2, "sent")):
            session.add(
                Offer(
                    client_id=site.client_id,
                    instance_id=site.instance_id,
                    version=version,
                    status=status,
                    prepared_by=site.owner,
                    approved_by="product",
                    prepared_at=clock.now(),
                    lines=[
                        OfferLine(
                            product_id=products[key].id,
                            premium=Decimal(1000) - given,
                            commission_percent=Decimal(13),
                            standard_premium=Decimal(1000),
                            standard_commission_percent=Decimal(13),
                            premium_deviation_percent=given / 10,
                            commission_deviation=Decimal(0),
                            premium_effect=given,
                            commission_effect=given * 13 / 100,
                            other_premium_effect=Decimal(0),
                            other_commission_effect=Decimal(0),
                            deviations=[
                                OfferDeviation(
                                    kind="premium",
                                    standard=Decimal(1000),
                                    offered=Decimal(1000) - given,
                                    difference=-given,
                                    premium_effect=given,
                                    commission_effect=given * 13 / 100,
                                )
                            ]
                            if given
                            else [],
                        )
                        for key, given in (("cargo", Decimal(100)), ("liability", Decimal(0)))
                    ],
                )
            )
    return site


def test_the_lines_of_offers_behind_a_figure_lead_to_their_offers(offered: Site) -> None:
    (line,) = ask(offered, "manager", "/Q9?period=all")["lines"]["items"]
    with offered.factory() as session:
        offer = session.scalars(select(Offer).where(Offer.version == 2)).one()
        line_id = next(each.id for each in offer.lines if each.premium == 900)
    assert (line["line_id"], line["offer_id"], line["offer_version"]) == (line_id, offer.id, 2)
    assert (line["premium"], line["std_premium"], line["premium_deviation"]) == (900, 1000, 10)
    assert (line["effect"], line["gift"], line["line_product"]) == (13, 100, "cargo")
    assert (line["approver"], line["offer_status"]) == ("product", "sent")
    link = f"/registers/offers/{offer.id}"
    assert line["link"] == link and line["instance"] == str(offered.instance_id)
    visitor = offered.visitor("manager")
    page = visitor.get("/questions/Q9?period=all").text
    assert f'href="{link}"' in page and "2 versija" in page
    assert visitor.get(link).text
    table = visitor.get("/questions/Q9/lines.csv?period=all").data.decode("utf-8-sig")
    heading, told = table.strip().splitlines()
    assert heading.startswith("Klientas;Pasiūlymas;Versija;") and ";900,0;1000,0;10,0;" in told
    book = load_workbook(io.BytesIO(visitor.get("/questions/Q9/lines.xlsx?period=all").data)).active
    assert len(list(book.values)) == 2
    visitor.get("/questions/Q2/lines.csv", 404)
    assert ask(offered, "manager", "/Q10?period=all")["lines"]["total"] == 0
    assert "lines" not in ask(offered, "manager", "/Q2")


def test_lines_of_offers_are_told_to_those_who_prepared_or_manage_them(offered: Site) -> None:
    def lines(login: str) -> int:
        return len(ask(offered, login, "/Q9?period=all")["lines"]["items"])

    def manage(key: str, login: str) -> None:
        with offered.factory.begin() as session:
            session.execute(update(Product).where(Product.key == key).values(product_manager=login))

    assert (lines(offered.owner), lines(offered.colleague)) == (1, 0)
    seller = offered.visitor(offered.colleague)
    whole = seller.get("/questions/Q9/lines.csv?period=all").data.decode("utf-8-sig")
    assert len(whole.strip().splitlines()) == 1
    manage("cargo", "product")
    assert lines("product") == 1
    manage("cargo", "manager")
    assert lines("product") == 0
    analyst = ask(offered, "analyst", "/Q9?period=all")["lines"]
    assert [each["link"] for each in analyst["items"]] == [None]


def test_weak_points_are_compared_with_a_team_that_one_chooses(late: Site) -> None:
    done = late.app.test_client().post(
        f"/api/tasks/{late.task_id}/complete",
        json={"variables": LETTER, "minutes": 600},
        headers=late.bearer(late.owner),
    )
    assert done.status_code == 200, done.text
    with late.factory() as session:
        team = session.get_one(User, late.owner).team_key
        name = session.get_one(Team, team).name
    told = ask(late, "manager", f"/Q13?period=all&against={team}")
    assert told["facts"]["other_team"] == team and told["about"]["against"] == team
    assert told["rows"][0]["other_team"] == pytest.approx(told["rows"][0]["money"])
    assert f"{name}, with as many steps: " in told["sentence"]
    assert "here the same" in told["sentence"]
    assert told["columns"]["last_quarter"] == "eur" and told["rows"][0]["last_quarter"] is None
    assert ask(late, "manager", "/Q13?against=nowhere", expected=422)["errors"].keys() == {
        "against"
    }
    for path in (f"/Q2?against={team}", f"/Q14?against={team}"):
        assert "against" in ask(late, "manager", path, expected=422)["errors"]
    assert "against" in ask(late, late.owner, f"/Q13?against={team}", expected=422)["errors"]
    visitor = late.visitor("manager")
    page = visitor.get(f"/questions/Q13?period=all&against={team}").text
    assert (
        'id="f-against"' in page
        and "Praėjusį ketvirtį" in page
        and f"{name}, tiek pat žingsnių" in page
    )
    assert (
        "/questions/Q12?period=all" in page and "/questions/Q12?period=all&amp;against" not in page
    )
    assert 'id="f-against"' not in visitor.get("/questions/Q12").text
