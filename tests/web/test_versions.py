"""Versions in the browser: listed, compared, published again; running cases moved and back."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import select

from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.publish import publish_bundle
from broker_crm.definitions.published import latest_version
from broker_crm.definitions.republish import published_bundle
from broker_crm.process import migration
from broker_crm.process.migration import Migration
from broker_crm.process.models import ProcessInstance, UserTask

from .conftest import Site, Visitor

SALE = "new-client-sale"
LISTING = f"/design/versions/{SALE}"


@pytest.fixture
def second(site: Site) -> int:
    """A second version, in which the first step of the running case has another name."""
    with site.factory.begin() as session:
        bundle = published_bundle(session, latest_version(session, SALE).id)
        name = session.get_one(UserTask, site.task_id).name
        files = tuple(
            replace(file, content=file.content.replace(name.encode(), b"1. Pirmas laiskas"))
            if file.kind is ResourceKind.DIAGRAM
            else file
            for file in bundle.files
        )
        made = publish_bundle(session, replace(bundle, files=files), "designer", "Kitas vardas")
        assert made is not None
        return made.id


def versions(site: Site) -> list[ProcessVersion]:
    with site.factory() as session:
        return list(
            session.scalars(
                select(ProcessVersion)
                .where(ProcessVersion.process_key == SALE)
                .order_by(ProcessVersion.number)
            )
        )


def runs_on(site: Site) -> int:
    with site.factory() as session:
        return session.get_one(ProcessInstance, site.instance_id).version_id


def rehearse(site: Site, visitor: Visitor) -> str:
    before, after = (version.id for version in versions(site))
    form = {"before": str(before), "after": str(after), "note": "Naujas vardas"}
    return visitor.post("/design/migrations", form=form).location


def test_versions_are_listed_with_note_author_and_running_cases(site: Site, second: int) -> None:
    page = site.visitor("designer").get(LISTING).text
    assert "Kitas vardas" in page and "galioja" in page and "Perkelti procesus" in page
    everything = site.visitor("analyst").get("/design/versions").text
    assert "Pardavimas naujam klientui" in everything
    assert "Perkelti procesus" not in site.visitor("analyst").get(LISTING).text


def test_two_versions_are_compared_on_the_drawing_and_in_words(site: Site, second: int) -> None:
    visitor = site.visitor("designer")
    page = visitor.get(f"{LISTING}/compare?before=1&after=2").text
    assert "1. Pirmas laiskas" in page and '"is-changed"' in page
    assert "Pavadinimas" in page or "Vardas" in page
    assert "Skirtumų nėra." in visitor.get(f"{LISTING}/compare?before=2&after=2").text
    assert visitor.get(f"{LISTING}/1/diagram").mimetype == "application/xml"
    for wrong in ("", "?before=1", "?before=1&after=99", "?before=x&after=1"):
        visitor.get(f"{LISTING}/compare{wrong}", 404)
    visitor.get("/design/versions/nothing", 404)
    visitor.get(f"{LISTING}/99/diagram", 404)


def test_an_old_version_is_published_again_once(site: Site, second: int) -> None:
    visitor = site.visitor("designer")
    for _twice in range(2):
        visitor.post(f"{LISTING}/1/again", form={"note": "Grįžtame"})
    numbers = [(version.number, version.note) for version in versions(site)]
    assert numbers == [(1, ""), (2, "Kitas vardas"), (3, "Grįžtame")]
    first, _, third = versions(site)
    assert first.content_hash == third.content_hash and third.author == "designer"
    assert "jau" in visitor.get(LISTING).text or "tokia pati" in visitor.get(LISTING).text


def test_cases_are_rehearsed_moved_and_taken_back(site: Site, second: int) -> None:
    visitor = site.visitor("manager")
    first = runs_on(site)
    address = rehearse(site, visitor)
    page = visitor.get(address).text
    assert "galima perkelti" in page and runs_on(site) == first
    visitor.post(f"{address}/move", form={"which": "some", "case": str(site.instance_id)})
    assert runs_on(site) == second
    assert "1. Pirmas laiskas" in site.visitor(site.owner).get(f"/tasks/{site.task_id}").text
    visitor.post(f"{address}/move")
    assert "Kažkas suspėjo" in visitor.get(address).text
    visitor.post(f"{address}/undo")
    assert runs_on(site) == first
    assert "grąžinta" in visitor.get(address).text


def test_nothing_is_moved_when_it_is_given_up(site: Site, second: int) -> None:
    visitor = site.visitor("designer")
    address = rehearse(site, visitor)
    visitor.post(f"{address}/move", form={"which": "some"})
    assert "bent vieną" in visitor.get(address).text
    visitor.post(f"{address}/give_up")
    assert "Atsisakyta" in visitor.get(address).text and runs_on(site) != second


def test_the_worker_goes_on_with_what_the_page_began(site: Site, second: int) -> None:
    with site.factory.begin() as session:
        before = versions(site)[0].id
        made = migration.begin(session, before, second, by="designer").id
    page = site.visitor("designer").get(f"/design/migrations/{made}").text
    assert "fone" in page
    migration.carry_on(site.factory)
    with site.factory() as session:
        assert session.get_one(Migration, made).phase == "rehearsed"


def test_refusals(site: Site, second: int) -> None:
    designer = site.visitor("designer")
    same = {"before": str(second), "after": str(second)}
    for wrong in ({}, same, {"before": "1", "after": "x"}):
        answer = designer.post("/design/migrations", None, form=wrong)
        assert answer.status_code in (400, 422)
        assert re.search("Pasirinkite dvi", answer.text)
    designer.get(f"/design/migrations/{uuid4()}", 404)
    designer.post(f"/design/migrations/{uuid4()}/undo", 404)
    address = rehearse(site, designer)
    designer.post(f"{address}/move", 400, form={"which": "some", "case": "x"})
    for login, path in (("jonas", "/design/versions"), ("analyst", address), ("product", address)):
        site.visitor(login).get(path, 403)
    site.visitor("analyst").post(f"{LISTING}/1/again", 403)
