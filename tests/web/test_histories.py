"""Cases found, saved views, a case's history, and its downloads, as pages show them."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from broker_crm.process.models import ProcessInstance

from .conftest import Site


def _link(site: Site) -> str:
    return f"/instances/{site.instance_id}"


def test_filters_of_the_address_combine_and_are_told_as_chips(site: Site) -> None:
    manager = site.visitor("manager")
    page = manager.get(f"/instances?process=new-client-sale&person={site.owner}&late=ever&at=call")
    for chip in ("Procesas: Pardavimas naujam klientui", "Vėlavimas: Kuris nors žingsnis vėlavo"):
        assert chip in page.text
    assert _link(site) not in page.text and "neatitinka šių filtrų" in page.text
    page = manager.get(f"/instances?process=new-client-sale&person={site.owner}")
    assert _link(site) in page.text and "Rasta 1 byla" in page.text
    without = "/instances?process=new-client-sale"
    assert f'href="{without}' in page.text
    assert manager.get("/instances?process=%00&version=x&product=-1&started_since=soon&late=q")


@pytest.mark.parametrize("word", ["' OR 1=1", "%", "_", "\\", "<b>zq", "🦆" * 90])
def test_any_text_is_only_text(site: Site, word: str) -> None:
    manager = site.visitor("manager")
    for field in ("q", "client", "reason", "person", "at", "outcome"):
        text = manager.get(f"/instances?{field}={quote(word)}").text
        assert _link(site) not in text and "<b>z" not in text.split('class="chips"')[1][:600]


def test_words_of_the_case_are_found_only_by_those_who_may_read_them(site: Site) -> None:
    with site.factory.begin() as session:
        session.get_one(ProcessInstance, site.instance_id).search_text = " paslaptingas"
    for login, sees in (("manager", True), (site.owner, True), ("analyst", False)):
        page = site.visitor(login).get("/instances?q=paslaptingas")
        assert (_link(site) in page.text) is sees, login


def test_a_client_is_found_by_name_without_diacritics_and_by_code(site: Site) -> None:
    from broker_crm.crm.models import Client
    from broker_crm.process.plain_text import plain

    with site.factory() as session:
        client = session.get_one(Client, site.client_id)
        name, code = plain(client.name.split()[-1]), client.code
    manager, analyst = site.visitor("manager"), site.visitor("analyst")
    assert _link(site) in manager.get(f"/instances?client={quote(name)}").text
    assert _link(site) in manager.get(f"/instances?client={code}").text
    assert _link(site) in analyst.get(f"/instances?client={quote(name)}").text
    assert _link(site) not in analyst.get(f"/instances?client={code}").text
