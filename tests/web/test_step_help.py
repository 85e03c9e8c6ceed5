"""What stands beside a step: receivers, colleagues' notes, what the client has, terms."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, update

from broker_crm.crm.models import (
    Claim,
    Client,
    ContactPerson,
    Contract,
    Insurer,
    InsurerContact,
    Interaction,
    Offer,
    OfferLine,
    ProductDocument,
)
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance, UserTask

from .conftest import Site

INSURER = "Gintaras Draudimas"


def help_with(site: Site, step: str | None = None, **helps: str) -> None:
    """Let the open task promise other help."""
    with site.factory.begin() as session:
        task = session.get_one(UserTask, site.task_id)
        task.help, task.step = helps, step or task.step


def page(site: Site, login: str | None = None) -> str:
    return site.visitor(login or site.owner).get(f"/tasks/{site.task_id}").text


def note(site: Site, client_id: int, text: str, **columns: object) -> None:
    with site.factory.begin() as session:
        instance = session.get_one(ProcessInstance, site.instance_id)
        values = {
            "client_id": client_id,
            "product_id": instance.product_id,
            "kind": "meeting",
            "reaction": "negative",
            "author": site.colleague,
            "at": site.clock.now(),
            "text": text,
        }
        session.add(Interaction(**values | columns))


def other_client(site: Site, owner: str) -> int:
    with site.factory.begin() as session:
        mine = session.get_one(Client, site.client_id)
        other = Client(
            kind=mine.kind,
            name="UAB „Ąžuolo baldai“",
            search_name="uab azuolo baldai",
            sector=mine.sector,
            size_band=mine.size_band,
            email="info@azuolas.example",
            owner=owner,
            created_at=site.clock.now(),
            contacts=[ContactPerson(first_name="Vytautas", surname="Petraitis", role="director")],
        )
        session.add(other)
        session.flush()
        return other.id


def test_receivers_stand_by_role_and_addresses_that_do_not_work_are_marked(site: Site) -> None:
    with site.factory.begin() as session:
        client = session.get_one(Client, site.client_id)
        client.contacts[0].bounced_at = site.clock.now() - timedelta(days=1)
        client.contacts.append(
            ContactPerson(first_name="Ona", surname="Onaitė", role="accountant", email=None)
        )
    shown = page(site)
    shown = shown[shown.index('id="receivers"') :]
    assert "Laiškas grįžo" in shown and "El. pašto adreso nėra" in shown
    assert "Buhalter" in shown and 'data-fill="recipientEmail"' in shown


def test_a_client_without_any_address_is_told_of_before_sending(site: Site) -> None:
    with site.factory.begin() as session:
        client = session.get_one(Client, site.client_id)
        client.email = None
        for contact in client.contacts:
            contact.email = None
    assert "Klientas neturi el. pašto adreso. Įrašykite" in page(site)


def test_colleagues_notes_come_without_the_other_clients_names(site: Site) -> None:
    help_with(site, notes="true")
    other = other_client(site, site.colleague)
    note(site, other, "Ąžuolo baldų direktorius Vytautas sakė: kainą derinsim su Petraičiu.")
    note(site, other, "Mano paties pastaba", author=site.owner)
    note(site, site.client_id, "Apie tą patį klientą")
    shown = page(site)
    shown = shown[shown.index("Kolegų pastabos") :]
    assert "derinsim su […]" in shown and "sakė:" in shown
    for name in ("Vytaut", "Petrai", "Ąžuol"):
        assert name not in shown
    assert "Mano paties" not in shown
    with site.factory.begin() as session:
        session.get_one(Client, other).owner = site.owner
    named = page(site)
    assert "UAB „Ąžuolo baldai“" in named and "Vytautas sakė" in named


def test_negotiations_show_only_notes_on_price_and_terms(site: Site) -> None:
    other = other_client(site, site.colleague)
    note(site, other, "Kaina per didelė, prašė nuolaidos.")
    note(site, other, "Nepatiko susitikimo vieta.")
    help_with(site, notes="true")
    assert "susitikimo vieta" in page(site)
    help_with(site, notes="terms")
    shown = page(site)
    assert "Kaina per didelė" in shown and "susitikimo vieta" not in shown
    assert "Kolegų pastabos apie kainą ir sąlygas" in shown


def test_history_beside_a_step_holds_policies_claims_offers_and_complaints(site: Site) -> None:
    with site.factory.begin() as session:
        instance = session.get_one(ProcessInstance, site.instance_id)
        session.add(
            Claim(
                client_id=site.client_id,
                happened_on=date(2026, 3, 1),
                reported_on=date(2026, 3, 2),
                description="Užlietas sandėlis",
                paid=Decimal(900),
            )
        )
        session.add(offer(site, instance, 1, 400))
    help_with(site, history="true")
    shown = page(site)
    assert "Ką klientas turi" in shown and "Užlietas sandėlis" in shown and "900,00" in shown
    help_with(site, script="first-call")
    assert "Užlietas sandėlis" not in page(site)


def offer(site: Site, instance: ProcessInstance, version: int, premium: int) -> Offer:
    return Offer(
        client_id=site.client_id,
        instance_id=instance.id,
        version=version,
        prepared_at=site.clock.now(),
        lines=[
            OfferLine(
                product_id=instance.product_id,
                premium=Decimal(premium),
                sum_insured=Decimal(300_000),
                deductible=Decimal(500),
                instalments=1,
                commission_percent=Decimal(20),
            )
        ],
    )


def differing(shown: str) -> list[str]:
    terms = shown[shown.index('id="terms"') : shown.index("</table>")]
    return [part.split(">")[1].split("<")[0] for part in terms.split('class="differs"')[1:]]


def test_a_contract_is_compared_with_the_offer_and_differences_stand_out(site: Site) -> None:
    with site.factory.begin() as session:
        instance = session.get_one(ProcessInstance, site.instance_id)
        session.add_all([offer(site, instance, 1, 450), offer(site, instance, 2, 420)])
        session.add(
            Contract(
                client_id=site.client_id,
                instance_id=instance.id,
                version=1,
                premium=Decimal(440),
                sum_insured=Decimal(300_000),
                deductible=Decimal("500.00"),
                commission_percent=Decimal(20),
                instalments=4,
                prepared_at=site.clock.now(),
            )
        )
    help_with(site, "contract-approval", contract="contract", offer="offer")
    found = differing(page(site))
    assert found == ["420\xa0€", "440\xa0€", "4"] or found == ["420 €", "440 €", "4"]


def test_an_offer_in_preparation_follows_what_is_typed(site: Site) -> None:
    with site.factory.begin() as session:
        task = session.get_one(UserTask, site.task_id)
        task.local_variables = {**task.local_variables, "sumInsured": 300_000, "deductible": 700}
    help_with(site, "offer-preparation", offer="offer")
    shown = page(site)
    assert 'data-follows="deductible"' in shown and 'data-before="' in shown
    assert any(each.startswith("700") for each in differing(shown))


@pytest.mark.parametrize("login", ["designer", "manager"])
def test_readers_get_no_button_that_writes(site: Site, login: str) -> None:
    assert "data-fill" not in page(site, login)


def test_the_script_of_a_step_carries_its_branches(site: Site) -> None:
    with site.factory.begin() as session:
        task = session.get_one(UserTask, site.task_id)
        task.help, task.form_key = {"script": "first-call"}, "first-call"
        assert session.scalars(select(User)).first()
    shown = page(site)
    assert "data-when='firstCallOutcome" in shown or 'data-when="firstCallOutcome' in shown
    assert 'data-field="claimsInThreeYears"' in shown
    assert "{?" not in shown


def test_documents_that_go_along_are_named_and_their_lack_is_told(site: Site) -> None:
    help_with(site, **{"product-documents": "ipid, kid"})
    shown = page(site)
    assert re.search(r'id="papers".*?IPID.*?IPID-[a-z-]+\.pdf', shown, re.DOTALL)
    with site.factory.begin() as session:
        session.execute(delete(ProductDocument))
    assert "laiškas bus išsiųstas be jo" in page(site)
    help_with(site)
    assert 'id="papers"' not in page(site)


def test_who_asks_an_insurer_sees_whom_to_write_to(site: Site) -> None:
    with site.factory.begin() as session:
        task = session.get_one(UserTask, site.task_id)
        task.step, task.local_variables = "insurer-quote", {"insurer": {"name": INSURER}}
    shown = page(site)
    asked = shown[shown.index('id="insurer-asked"') :]
    assert "uzklausos@gintaras.example" in asked.partition("</section>")[0]
    with site.factory.begin() as session:
        session.execute(delete(InsurerContact))
        session.execute(update(Insurer).values(email=None, phone=None))
    assert "Pasiūlymų užklausų adreso nėra" in page(site)
