"""Registers of the brokerage: policies, products with their terms, insurers, offers, search."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from broker_crm import clock
from broker_crm.crm.clients import may_see_client
from broker_crm.crm.models import (
    Claim,
    Client,
    Complaint,
    Contract,
    InsuredObject,
    Insurer,
    Offer,
    OfferDeviation,
    OfferLine,
    Policy,
    PolicyCover,
    Product,
    Quote,
    StandardTerms,
)
from broker_crm.crm.policies import instalments_of
from broker_crm.crm.visibility import visible_clients
from broker_crm.people.models import User
from tests.web.conftest import Site

TERMS = {
    "valid_from": "2026-12-01",
    "valid_to": "",
    "premium_rate_percent": "0,1425",
    "minimum_premium": "1 150,50",
    "deductible": "500",
    "commission_percent": "17,5",
    "maximum_discount_percent": "12",
    "instalments": "2",
    "term_months": "12",
    "sum_insured_limit": "2000000",
    "covers": ["liability", "theft"],
    "note": "Komisinių susitarimas 2026-11",
}


def furnish(site: Site) -> dict[str, int]:
    """One policy with all that belongs to it, an offer in two versions, a contract, a quote."""
    now = clock.now()
    day = now.date()
    with site.factory.begin() as session:
        client = session.get_one(Client, site.client_id)
        client.name, client.search_name = "UAB „Ąžuolų giria“", "uab „azuolu giria“"
        product = session.scalars(select(Product).where(Product.key == "casco")).one()
        insurer = session.scalars(select(Insurer).order_by(Insurer.id)).first()
        assert insurer is not None
        car = InsuredObject(client_id=client.id, kind="vehicle", name="Šaulys", plate="ABC 123")
        session.add(car)
        session.flush()
        common: dict[str, Any] = {
            "client_id": client.id,
            "insurer_id": insurer.id,
            "product_id": product.id,
            "object_id": car.id,
            "commission_percent": Decimal("12.5"),
            "sum_insured": Decimal(20_000),
            "deductible": Decimal(300),
            "owner": client.owner,
            "created_at": now,
        }
        old = Policy(
            number="KA-0001",
            starts_on=day - timedelta(days=700),
            ends_on=day - timedelta(days=336),
            premium=Decimal(600),
            status="expired",
            **common,
        )
        session.add(old)
        session.flush()
        policy = Policy(
            number="KĄ-777",
            starts_on=day - timedelta(days=335),
            ends_on=day + timedelta(days=29),
            premium=Decimal("1234.50"),
            instalment_count=2,
            sales_type="renewal",
            renewed_from_id=old.id,
            covers=[PolicyCover(cover="theft", sum_insured=Decimal(20_000))],
            **common,
        )
        session.add(policy)
        session.flush()
        first, _second = parts = instalments_of(policy)
        first.paid_on, first.paid_amount = first.due_on, first.amount
        session.add_all([*instalments_of(old), *parts])
        session.add(
            Claim(
                client_id=client.id,
                policy_id=policy.id,
                happened_on=day - timedelta(days=40),
                reported_on=day - timedelta(days=39),
                description="Įskilęs stiklas",
                paid=Decimal(150),
            )
        )
        offers = [
            Offer(
                client_id=client.id,
                instance_id=site.instance_id,
                version=version,
                status="replaced" if version == 1 else "sent",
                prepared_by=client.owner,
                prepared_at=now + timedelta(minutes=version),
                approval_level="none",
                corrections="Prašė mokėti dalimis",
                lines=[
                    OfferLine(
                        product_id=product.id,
                        insurer_id=insurer.id,
                        cover="theft, assistance",
                        premium=Decimal(1_000 - 50 * version),
                        commission_percent=Decimal(13),
                        premium_effect=Decimal(50 * version),
                        commission_effect=Decimal("6.50") * version,
                        premium_deviation_percent=Decimal(5 * version),
                        deviations=[
                            OfferDeviation(
                                kind="premium",
                                standard=Decimal(1_000),
                                offered=Decimal(1_000 - 50 * version),
                                difference=Decimal(-50 * version),
                                premium_effect=Decimal(50 * version),
                                commission_effect=Decimal("6.50") * version,
                            )
                        ],
                    )
                ],
            )
            for version in (1, 2)
        ]
        session.add_all(offers)
        session.flush()
        contract = Contract(
            client_id=client.id,
            instance_id=site.instance_id,
            offer_id=offers[1].id,
            policy_id=policy.id,
            version=1,
            number="S-9/26",
            status="signed",
            premium=Decimal(890),
            differences={"premium": ["900.00", "890.00"]},
            prepared_at=now,
        )
        quote = Quote(
            client_id=client.id,
            instance_id=site.instance_id,
            insurer_id=insurer.id,
            product_id=product.id,
            asked_at=now - timedelta(days=7),
            answered_at=now,
            status="declined",
            decline_reason="Per daug žalų",
        )
        session.add_all([contract, quote])
        session.flush()
        return {
            "policy": policy.id,
            "old": old.id,
            "offer": offers[1].id,
            "first": offers[0].id,
            "contract": contract.id,
            "insurer": insurer.id,
            "product": product.id,
        }


def test_a_policy_tells_all_that_belongs_to_it(site: Site) -> None:
    ids = furnish(site)
    page = site.visitor(site.owner).get(f"/policies/{ids['policy']}").text
    for text in (
        "1 234,50 €",
        "12,5 %",
        "154,31 €",
        "Vagystė ir vandalizmas",
        "Įskilęs stiklas",
        "ABC 123",
        "baigsis po 29 d.",
        f'/policies/{ids["old"]}"',
        f'/registers/contracts/{ids["contract"]}"',
        f"/products/{ids['product']}",
        f"/insurers/{ids['insurer']}",
    ):
        assert text in page.replace("\xa0", " ") or text in page, text
    assert "Sumokėta 2025-12-23" in page and "Pradelsta" in page
    old = site.visitor(site.owner).get(f"/policies/{ids['old']}").text
    assert f'/policies/{ids["policy"]}"' in old


@pytest.mark.parametrize(
    "address",
    [
        "/policies?q=ka-777",
        "/policies?q=ABC123",
        "/policies?q=abc 123",
        "/policies?q=saulys",
        "/policies?q=azuolu",
        "/policies?ends=30&q=azuolu",
        "/policies?status=active&q=giria",
        "/search?q=ka-777",
        "/search?q=ABC 123",
        "/search?q=s-9/26",
        "/search?q=š - 9/26",
        "/registers/contracts?q=Š-9",
        "/search?q=AZUOLU",
    ],
)
def test_what_is_looked_for_is_found_without_accents_and_spaces(site: Site, address: str) -> None:
    furnish(site)
    owner = site.visitor(site.owner)
    assert ("S-9/26" if "9" in address else "KĄ-777") in owner.get(address).text


def test_filters_leave_out_what_does_not_fit_and_nonsense_filters_nothing(site: Site) -> None:
    ids = furnish(site)
    owner = site.visitor(site.owner)
    for query in ("status=cancelled", "product=99", f"insurer={ids['insurer'] + 1}", "q=%25"):
        assert "KĄ-777" not in owner.get(f"/policies?q=777&{query}".replace("q=777&q", "q")).text
    assert "KĄ-777" in owner.get("/policies?status=nonsense&insurer=x&ends=-1&from=-3").text
    assert "KA-0001" not in owner.get("/policies?ends=30").text


def test_records_of_a_colleagues_client_are_not_there(site: Site) -> None:
    ids = furnish(site)
    colleague = site.visitor(site.colleague)
    for path in (
        f"/policies/{ids['policy']}",
        f"/registers/offers/{ids['offer']}",
        f"/registers/contracts/{ids['contract']}",
    ):
        colleague.get(path, 404)
        site.visitor("manager").get(path)
    colleague.post(f"/policies/{ids['policy']}/renewal", 404, form={"reason": "x"})
    for path in ("/policies", "/registers/offers", "/registers/contracts", "/search?q=azuolu"):
        assert "giria" not in colleague.get(path).text, path
    insurer = colleague.get(f"/insurers/{ids['insurer']}").text
    assert "giria" not in insurer and "kolegos klientas" in insurer


def test_the_list_rule_and_the_record_rule_agree(site: Site) -> None:
    with site.factory() as session:
        for login in ("jonas", "ruta", "manager", "product", "designer"):
            user = session.get_one(User, login)
            listed = set(session.scalars(select(Client.id).where(visible_clients(user))))
            each = {
                client.id
                for client in session.scalars(select(Client))
                if may_see_client(session, user, client)
            }
            assert listed == each, login


def test_a_complaint_is_found_by_number_by_those_who_read_the_register(site: Site) -> None:
    now = clock.now()
    with site.factory.begin() as session:
        session.add(
            Complaint(
                register_number="2026-0042",
                received_on=now.date(),
                registered_at=now,
                channel="email",
                complainant="Žydrė Šaltė",
                about="us",
                subject="delay",
                description="",
                acknowledge_by=now,
                internal_answer_by=now,
                answer_by=now,
                extended_answer_by=now,
            )
        )
    for text in ("2026-0042", "zydre"):
        assert "2026-0042" in site.visitor("complaints").get(f"/search?q={text}").text
        found = site.visitor("ruta").get(f"/search?q={text}").text
        assert "Žydrė" not in found and "Nieko" in found


def test_not_renewing_needs_a_reason_and_can_be_taken_back(site: Site) -> None:
    ids = furnish(site)
    owner, path = site.visitor(site.owner), f"/policies/{ids['policy']}"
    owner.post(f"{path}/renewal", 303, form={"reason": " "})
    assert "Šis laukas privalomas" in owner.get(path).text
    owner.post(f"{path}/renewal", 303, form={"reason": "Parduotas automobilis"})
    assert "Parduotas automobilis" in owner.get(path).text
    owner.post(f"{path}/renewal", 303, form={"renewable": "yes"})
    assert "Parduotas automobilis" not in owner.get(path).text
    owner.post(f"/policies/{ids['old']}/renewal", 303, form={"reason": "x"})
    assert "Polisas nebegalioja" in owner.get(path).text


def liability(site: Site) -> tuple[int, list[StandardTerms]]:
    with site.factory() as session:
        product = session.scalars(select(Product).where(Product.key == "liability")).one()
        terms = session.scalars(
            select(StandardTerms)
            .where(StandardTerms.product_id == product.id)
            .order_by(StandardTerms.id)
        )
        return product.id, list(terms)


def test_new_terms_end_those_in_force_and_rewrite_nothing(site: Site) -> None:
    product_id, (before, *_others) = liability(site)
    manager, path = site.visitor("product"), f"/products/{product_id}"
    assert 'name="premium_rate_percent"' in manager.get(path).text
    form = {**TERMS, "insurer_id": str(before.insurer_id)}
    manager.post(f"{path}/terms", 303, form=form)
    _product_id, rows = liability(site)
    old, new = rows[0], rows[-1]
    assert (old.id, old.valid_to, old.premium_rate) == (
        before.id,
        new.valid_from - timedelta(days=1),
        before.premium_rate,
    )
    assert (new.premium_rate, new.minimum_premium) == (Decimal("0.001425"), Decimal("1150.50"))
    assert (new.commission_percent, new.covers) == (Decimal("17.50"), "theft,liability")
    assert (new.created_by, new.sum_insured_limit, new.instalments) == ("product", 2_000_000, 2)
    page = manager.get(path).text
    assert "0,1425" in page and "Komisinių susitarimas" in page
    manager.post(f"{path}/terms/{new.id}/end", 303, form={"valid_to": "2027-01-31"})
    assert str(liability(site)[1][-1].valid_to) == "2027-01-31"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("insurer_id", "999", "Pasirinkite vieną iš siūlomų reikšmių"),
        ("insurer_id", "", "Pasirinkite vieną iš siūlomų reikšmių"),
        ("valid_from", "", "Šis laukas privalomas"),
        ("valid_from", "2026-11-22", "Diena negali būti praėjusi"),
        ("valid_from", "gruodį", "Netinkamas reikšmės tipas"),
        ("valid_to", "2026-11-30", "Paskutinė diena turi būti vėlesnė"),
        ("premium_rate_percent", "0", "ne mažesnė kaip 0.0001"),
        ("premium_rate_percent", "101", "ne didesnė kaip 100"),
        ("premium_rate_percent", "0,12345", "4 skaitmenis"),
        ("premium_rate_percent", "NaN", "Netinkamas reikšmės tipas"),
        ("minimum_premium", "-1", "ne mažesnė kaip 0"),
        ("deductible", "", "Šis laukas privalomas"),
        ("commission_percent", "100,5", "100"),
        ("maximum_discount_percent", "daug", "Netinkamas reikšmės tipas"),
        ("instalments", "13", "12"),
        ("instalments", "1,5", "Įrašykite sveikąjį skaičių"),
        ("term_months", "0", "ne mažesnė kaip 1"),
        ("sum_insured_limit", "0", "ne mažesnė kaip 1"),
        ("covers", "everything", "Pasirinkite vieną iš siūlomų reikšmių"),
        ("note", "x" * 301, "300"),
    ],
)
def test_wrong_terms_are_refused_by_field_and_change_nothing(
    site: Site, field: str, value: str, told: str
) -> None:
    product_id, before = liability(site)
    form = {**TERMS, "insurer_id": str(before[0].insurer_id), field: value}
    answer = site.visitor("product").post(f"/products/{product_id}/terms", 422, form=form)
    assert told in answer.text, answer.text[answer.text.find("wrong") - 200 :][:600]
    _product_id, after = liability(site)
    assert [(each.id, each.valid_to) for each in after] == [
        (each.id, each.valid_to) for each in before
    ]


def test_terms_that_would_overlap_are_refused_with_the_period_that_is_in_the_way(
    site: Site,
) -> None:
    product_id, (before, *_others) = liability(site)
    manager, path = site.visitor("product"), f"/products/{product_id}/terms"
    form = {**TERMS, "insurer_id": str(before.insurer_id)}
    manager.post(path, 303, form={**form, "valid_from": "2027-01-01", "valid_to": "2027-06-30"})
    for begins, ends, period in (
        ("2027-06-30", "", "nuo 2027-01-01 iki 2027-06-30"),
        ("2027-01-01", "2027-01-01", "nuo 2027-01-01 iki 2027-06-30"),
        ("2026-12-01", "2026-12-31", "nuo 2024-01-01 iki 2026-12-31"),
        ("2026-12-31", "", "nuo 2024-01-01 iki 2026-12-31"),
    ):
        answer = manager.post(path, 422, form={**form, "valid_from": begins, "valid_to": ends})
        assert period in answer.text
    manager.post(f"{path}/{before.id}/end", 303, form={"valid_to": "2026-11-30"})
    manager.post(path, 303, form={**form, "valid_from": "2026-12-01", "valid_to": "2026-12-31"})
    manager.post(path, 303, form={**form, "valid_from": "2027-07-01"})


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("", "Šis laukas privalomas"),
        ("2026-11-22", "Diena negali būti praėjusi"),
        ("nonsense", "Netinkamas reikšmės tipas"),
    ],
)
def test_terms_do_not_end_in_the_past(site: Site, day: str, told: str) -> None:
    product_id, (before, *_others) = liability(site)
    manager = site.visitor("product")
    manager.post(f"/products/{product_id}/terms/{before.id}/end", 303, form={"valid_to": day})
    assert told in manager.get(f"/products/{product_id}").text
    assert liability(site)[1][0].valid_to is None


def test_ended_terms_end_earlier_but_never_later(site: Site) -> None:
    product_id, (before, *_others) = liability(site)
    manager, path = site.visitor("product"), f"/products/{product_id}"
    end = f"{path}/terms/{before.id}/end"
    manager.post(end, 303, form={"valid_to": "2026-12-31"})
    manager.post(end, 303, form={"valid_to": "2027-12-31"})
    assert "jau baigiasi 2026-12-31" in manager.get(path).text
    manager.post(
        f"/products/{product_id + 1}/terms/{before.id}/end", 404, form={"valid_to": "2026-12-01"}
    )
    assert str(liability(site)[1][0].valid_to) == "2026-12-31"


def test_only_the_products_manager_changes_its_terms(site: Site) -> None:
    product_id, (before, *_others) = liability(site)
    form = {**TERMS, "insurer_id": str(before.insurer_id)}
    path = f"/products/{product_id}"
    end = {"valid_to": "2026-12-31"}
    for login in ("manager", "ruta", "gintaras"):
        visitor = site.visitor(login)
        assert "premium_rate_percent" not in visitor.get(path).text
        visitor.post(f"{path}/terms", 403, form=form)
        visitor.post(f"{path}/terms/{before.id}/end", 403, form=end)
    assert liability(site)[1][0].valid_to is None
    site.visitor("admin").post(f"{path}/terms", 303, form=form)


def test_an_insurer_shows_how_it_answers(site: Site) -> None:
    ids = furnish(site)
    path = f"/insurers/{ids['insurer']}"
    page = site.visitor(site.owner).get(path).text
    assert "Per daug žalų" in page and "5 darbo dienos" in page


def test_an_offer_shows_deviations_versions_and_what_changed(site: Site) -> None:
    ids = furnish(site)
    owner = site.visitor(site.owner)
    page = owner.get(f"/registers/offers/{ids['offer']}").text.replace("\xa0", " ")
    for text in ("1 000,00 €", "100,00 €", "13,00 €", "950,00 €", "900,00 €", "Prašė mokėti"):
        assert text in page, text
    assert "Palyginti su versija 1" in page and f"/registers/offers/{ids['first']}" in page
    listed = owner.get("/registers/offers").text
    assert f"/registers/offers/{ids['offer']}" in listed
    assert f"/registers/offers/{ids['first']}" not in listed
    replaced = owner.get("/registers/offers?status=replaced").text
    assert f"/registers/offers/{ids['first']}" in replaced


def test_a_contract_shows_its_differences_and_the_policy_that_came_of_it(site: Site) -> None:
    ids = furnish(site)
    page = site.visitor(site.owner).get(f"/registers/contracts/{ids['contract']}").text
    assert "900,00" in page and "890,00" in page
    assert f"/policies/{ids['policy']}" in page and f"/registers/offers/{ids['offer']}" in page


def test_the_clients_page_gathers_its_business_and_cases_link_their_records(site: Site) -> None:
    ids = furnish(site)
    owner = site.visitor(site.owner)
    page = owner.get(f"/clients/{site.client_id}").text
    for path in (
        f"/policies/{ids['policy']}",
        f"/registers/offers/{ids['offer']}",
        f"/registers/contracts/{ids['contract']}",
        f"/tasks/{site.task_id}",
    ):
        assert path in page, path
    assert "Įskilęs stiklas" in page and "Pradelstos įmokos" in page
    for path in (f"/instances/{site.instance_id}", f"/tasks/{site.task_id}"):
        beside = owner.get(path).text
        assert f"/registers/offers/{ids['offer']}" in beside
        assert f"/registers/contracts/{ids['contract']}" in beside


@pytest.mark.parametrize("language", ["lt", "en"])
def test_registers_say_when_there_is_nothing(site: Site, language: str) -> None:
    owner = site.visitor(site.owner)
    owner.post(f"/language/{language}")
    for path, lithuanian, english in (
        ("/policies", "Polisų dar nėra", "No policies yet"),
        ("/policies?q=zzz", "Polisų nerasta", "No policies found"),
        ("/registers/offers", "Pasiūlymų dar nėra", "No offers yet"),
        ("/registers/contracts", "Sutarčių dar nėra", "No contracts yet"),
        ("/search?q=zzzz", "Nieko nerasta", "Nothing found"),
        ("/search?q=z", "bent dvi raides", "at least two letters"),
    ):
        assert (lithuanian if language == "lt" else english) in owner.get(path).text, path
