"""Templates on a page: where they are used, how they look for a client, how they changed."""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path

from sqlalchemy import select

from broker_crm.crm.models import Client
from broker_crm.definitions import templates
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.publish import publish_folder
from broker_crm.outreach import previewing
from broker_crm.process.models import UserTask

from .conftest import ROOT, Site


def test_every_template_is_listed_with_the_steps_that_use_it(site: Site) -> None:
    page = site.visitor("designer").get("/templates").text
    with site.factory() as session:
        found = templates.in_use(session)
    for each in found:
        assert f"/templates/{each.kind}/{each.key}" in page
    used = {(str(each.kind), each.key): each for each in found}
    steps = {use.element.id for use in used["letter", "contract"].uses}
    assert {"Task_ContractLetter", "Task_SendContract"} <= steps
    only = site.visitor("designer").get("/templates?kind=script&process=complaint").text
    assert "/templates/script/complaint-check" in only
    assert "/templates/script/first-call" not in only and "/templates/letter/" not in only


def test_every_template_fills_in_for_every_kind_of_client_in_both_languages(site: Site) -> None:
    gaps = []
    with site.factory() as session:
        for template in templates.in_use(session):
            assert template.languages == ("lt", "en"), template.key
            versions = {use.version.id for use in template.uses}
            for version_id, kind, language, optional in product(
                versions, previewing.EXAMPLES, template.languages, (True, False)
            ):
                context = previewing.of_example(
                    session, version_id, kind, language, optional=optional
                )
                made = previewing.preview(
                    session, version_id, template.kind, template.key, language, context, str
                )
                if made.missing:
                    gaps.append((template.key, kind, language, optional, made.missing))
    assert gaps == []


def test_the_greeting_is_in_the_vocative_for_men_and_women_and_companies_stay(site: Site) -> None:
    marketing = site.visitor("marketing")
    for client, greeting in [
        ("natural", "Gerb. Egle,"),
        ("legal", "Gerb. Jonai,"),
        ("vip", "Gerb. Kęstuti,"),
        ("foreign", "Gerb. John Example,"),
    ]:
        page = marketing.get(f"/templates/letter/intro?client={client}").text
        assert greeting in page
    assert (
        "Dear John Example,"
        in marketing.get("/templates/letter/intro?client=foreign&language=en").text
    )


def test_a_real_case_fills_in_what_it_knows_and_names_what_is_missing(site: Site) -> None:
    manager = site.visitor("manager")
    with site.factory() as session:
        client = session.get_one(Client, site.client_id)
        name, contact = client.name, client.contacts[0].first_name
    page = manager.get(f"/templates/letter/offer?case={site.instance_id}").text
    assert name in page and f"Gerb. {contact[:3]}" in page
    missing = page[page.index('id="missing"') : page.index("</ul>", page.index('id="missing"'))]
    assert "<code>premium</code>" in missing and "<code>offerValidUntil</code>" in missing
    assert '<mark class="missing">premium</mark>' in page
    without_case = manager.get(f"/templates/letter/offer?client={site.client_id}").text
    assert "Pasirinkite kliento bylą" in without_case
    found = manager.get(f"/templates/letter/offer?q={name.split()[-1]}").text
    assert f"client={site.client_id}" in found


def test_clients_that_are_not_the_readers_to_see_stay_hidden(site: Site) -> None:
    marketing = site.visitor("marketing")
    marketing.get(f"/templates/letter/offer?client={site.client_id}", 404)
    marketing.get(f"/templates/letter/offer?case={site.instance_id}", 404)
    marketing.get("/templates/letter/offer?client=nobody", 404)
    marketing.get("/templates/letter/no-such", 404)
    site.visitor(site.owner).get("/templates", 403)


def test_a_document_is_looked_at_as_pages_and_saved_as_pdf(site: Site) -> None:
    designer = site.visitor("designer")
    address = "/templates/document/contract"
    assert f"{address}/page-1.png" in designer.get(address).text
    picture = designer.get(f"{address}/page-1.png?client=natural")
    assert picture.data.startswith(b"\x89PNG")
    designer.get(f"{address}/page-99.png", 404)
    saved = designer.get(f"{address}.pdf?client=natural&language=en")
    assert saved.data.startswith(b"%PDF")
    designer.get("/templates/letter/offer.pdf", 404)


def test_what_changed_between_two_wordings_is_shown_word_by_word(
    site: Site, tmp_path: Path
) -> None:
    folder = tmp_path / "changed"
    for part in ("bpmn", "forms"):
        shutil.copytree(ROOT / part, folder / part)
    letter = folder / "forms/letters/intro.lt.md"
    letter.write_text(letter.read_text().replace("tris darbo dienas", "dvi darbo dienas"))
    with site.factory.begin() as session:
        publish_folder(session, folder, note="Trumpiau")
    with site.factory() as session:
        wordings = templates.editions(session, ResourceKind.LETTER, "intro", "lt")
        assert [each.number for each in wordings] == [2, 1]
        english = templates.editions(session, ResourceKind.LETTER, "intro", "en")
        assert [len(each.versions) for each in english] == [2]
        task = session.scalars(select(UserTask)).one()
    page = site.visitor("designer").get("/templates/letter/intro").text
    assert "<del>tris</del><ins>dvi</ins>" in page and "Trumpiau" in page
    running = site.visitor(site.owner).get(f"/tasks/{task.id}").text
    assert "tris darbo dienas" in running, "a case keeps the wording of its version"
