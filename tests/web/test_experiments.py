"""Experiments on pages and in the API: planned, started, seen on the case, decided, refused."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, select

from broker_crm import process
from broker_crm.analysis.experiments.looking import look_at
from broker_crm.crm import renewals
from broker_crm.crm.cases import start_case
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.publish import publish_bundle
from broker_crm.definitions.published import latest_version
from broker_crm.definitions.republish import published_bundle
from broker_crm.people.models import User
from broker_crm.process import experiments
from broker_crm.process.experiments import Experiment, ExperimentAssignment
from broker_crm.web import database
from broker_crm.web.analyse.experiments import telling

from .conftest import MONDAY, Site

SALE = "new-client-sale"
NEW = "/analysis/experiments/new?process=new-client-sale"


def second_version(site: Site) -> tuple[int, int]:
    """A version whose letters are longer by a word; ids of both."""
    with site.factory.begin() as session:
        first = latest_version(session, SALE).id
        bundle = published_bundle(session, first)
        files = tuple(
            replace(file, content=file.content + b"\nIki!\n") if file.kind == "letter" else file
            for file in bundle.files
        )
        made = publish_bundle(session, replace(bundle, files=files), None, "Longer letters")
        assert made is not None
        return first, made.id


def past(site: Site, count: int = 24) -> list[UUID]:
    """Sales of ten weeks ago: every fourth was called off after a week, the others still run."""
    site.clock.set(MONDAY - timedelta(days=70))
    begun = [sale(site) for _ in range(count)]
    site.clock.advance(timedelta(days=7))
    for case in begun[::4]:
        call_off(site, case)
    site.clock.set(MONDAY)
    return begun


def call_off(site: Site, case: UUID) -> None:
    with site.factory.begin() as session:
        process.cancel(session, case, "no longer wanted", by="manager")


def form(versions: tuple[int, int], **changes: str) -> dict[str, str]:
    return {
        "process": SALE,
        "name": "Longer letters",
        "hypothesis": "A friendly word brings answers",
        "compared": "version",
        "version_a_id": str(versions[0]),
        "version_b_id": str(versions[1]),
        "measure": "cycle",
        "horizon_days": "10",
        "smallest_difference": "1",
        "share_b": "50",
        "unit": "case",
        "looks": "3",
        "harm_stop": "yes",
        **changes,
    }


def planned(site: Site, by: str = "analyst", **changes: str) -> str:
    """The address of a new draft."""
    versions = second_version(site)
    past(site)
    answer = site.visitor(by).post("/analysis/experiments", form=form(versions, **changes))
    return answer.location


def one(site: Site) -> Any:
    with site.factory() as session:
        return session.scalars(select(Experiment)).one()


def sale(site: Site) -> UUID:
    """A new case."""
    with site.factory.begin() as session:
        made = start_case(
            session, SALE, {"clientId": site.client_id, "productId": 1}, by=site.owner
        )
        return made.instance.id


def test_an_experiment_from_plan_to_decision(site: Site) -> None:
    at = planned(site)
    kept = one(site)
    assert (kept.measure, kept.horizon_days, kept.looks, kept.harm_stop) == ("cycle", 10, 3, True)
    assert kept.smallest_difference == 1.0 and kept.base_mean == 8.75 and kept.base_cases == 24
    analyst, manager = site.visitor("analyst"), site.visitor("manager")
    page = analyst.get(at).text
    assert "Juodraštis" in page and f"Nepradėtas: reikia {kept.needed} byl" in page
    assert f'{at}/start"' not in page
    analyst.post(f"{at}/start", 403)
    manager.post(f"{at}/start")
    assert f"Per anksti: 0 iš {kept.needed} bylų." in manager.get(at).text
    case = f"/instances/{sale(site)}"
    seen = site.visitor(site.owner).get(case).text
    told = re.search(r"Eksperimente „Longer letters“, grupė ([AB])\.", seen)
    assert told is not None and at not in seen
    assert at in manager.get(case).text
    assert "Burtais paskirta eksperimentui" in seen
    page = manager.get(at).text
    assert f"Per anksti: 1 iš {kept.needed} bylų." in page and case in page
    saved = manager.get(f"{at}/cases.csv").text
    assert saved.count("\n") == 2 and f";{told[1]};" in saved
    assert "Vykdoma" not in saved and "Būsena" not in saved
    assert "Vyksta eksperimentas „Longer letters“" in manager.get(f"/design/versions/{SALE}").text
    compared = manager.get(f"/analysis/comparison?process={SALE}").text
    assert "gali būti atsitiktinumas" in compared and at in compared
    manager.post(f"{at}/pause", form={"note": "Holidays"})
    assert "Holidays" in manager.get(at).text
    outside = f"/instances/{sale(site)}"
    assert "Eksperimente „" not in manager.get(outside).text
    manager.post(f"{at}/resume")
    manager.post(f"{at}/end", form={"decision": "a", "note": "Nobody noticed"})
    page = manager.get(at).text
    assert "Lieka A" in page and "Nobody noticed" in page and "Baigtas prieš pirmą" in page
    assert "Būsena" in manager.get(f"{at}/cases.csv").text
    with site.factory() as session:
        newest = latest_version(session, SALE)
        assert newest.number == 3
        assert (
            newest.content_hash == session.get_one(ProcessVersion, kept.version_a_id).content_hash
        )
    for page in (f"/design/versions/{SALE}", f"/analysis/comparison?process={SALE}"):
        assert "Vyksta eksperimentas" not in manager.get(page).text


def test_the_needed_sample_is_shown_while_the_form_is_filled_in(site: Site) -> None:
    versions = second_version(site)
    past(site)
    visitor = site.visitor("designer")
    assert 'hx-get="/analysis/experiments/needed"' in visitor.get(NEW).text
    query = "&".join(f"{name}={value}" for name, value in form(versions).items() if name != "name")
    part = visitor.get(f"/analysis/experiments/needed?{query}").text
    needed = re.search(r"Reikia bylų: (\d+)", part)
    assert needed is not None and "8,8" in part and "n = 24" in part
    finer = query.replace("difference=1", "difference=0,5")
    part = visitor.get(f"/analysis/experiments/needed?{finer}").text
    more = re.search(r"Reikia bylų: (\d+)", part)
    assert more is not None and 3.9 < int(more[1]) / int(needed[1]) < 4.1
    reckoned = visitor.post("/analysis/experiments", 200, form=form(versions, act="reckon")).text
    assert needed[0] in reckoned and "Longer letters" in reckoned
    with site.factory() as session:
        assert session.scalars(select(Experiment)).all() == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": ""}, "Suteikite pavadinimą."),
        ({"smallest_difference": "daug"}, "Skirtumas turi būti skaičius"),
        ({"version_b_id": "1", "version_a_id": "1"}, "Pasirinkite"),
        ({"measure": "conversion"}, "Pasirinkite žingsnį."),
        ({"looks": "1"}, "suplanuokite bent dvi peržiūras"),
        ({"unit": "client", "balanced": "yes"}, "atskirai traukiamas bylas"),
        ({"ends_on": "2026-11-20"}, "vėlesnė už šiandieną"),
        ({"share_b": "33"}, "B gali tekti"),
        ({"horizon_days": "0"}, "nuo 1 iki 250"),
        ({"compared": "letter:nothing"}, "Viena iš versijų šio teksto neturi."),
        ({}, "Iš praeities nematyti"),
    ],
)
def test_a_plan_that_can_not_be_done_is_refused_in_words(
    site: Site, changes: dict[str, str], told: str
) -> None:
    versions = second_version(site)
    page = site.visitor("manager").post(
        "/analysis/experiments", 422, form=form(versions, **changes)
    )
    assert told in page.text and "A friendly word brings answers" in page.text


def test_what_came_too_late_is_refused_in_words(site: Site) -> None:
    at = planned(site, by="designer")
    manager = site.visitor("manager")
    manager.post(f"{at}/pause")
    assert "Šis eksperimentas nevyksta." in manager.get(at).text
    manager.post(f"{at}/start")
    manager.post(f"{at}/start")
    assert "Šis eksperimentas jau pradėtas." in manager.get(at).text
    kept = one(site)
    again = site.visitor("analyst").post(
        "/analysis/experiments", form=form((kept.version_a_id, kept.version_b_id))
    )
    manager.post(f"{again.location}/start")
    assert "Vienu metu – tik vienas." in manager.get(again.location).text
    site.visitor("analyst").post(f"{again.location}/discard")
    manager.get(again.location, 404)
    manager.post(f"{at}/end", 400, form={"decision": "c"})
    manager.post(f"/analysis/experiments/{uuid4()}/start", 404)


def test_looks_are_told_on_the_page_and_by_the_api(site: Site) -> None:
    at = planned(site, looks="2")
    site.visitor("manager").post(f"{at}/start")
    with site.factory.begin() as session:
        experiment = session.scalars(select(Experiment)).one()
        made, experiment.needed = experiment.id, 60
    begun = [sale(site) for _ in range(60)]
    with site.factory() as session:
        arms = dict(
            session.execute(
                select(ExperimentAssignment.instance_id, ExperimentAssignment.arm)
            ).all()
        )
    site.clock.advance(timedelta(days=2))
    for number, case in enumerate(begun):
        if arms[case] == "b" and number % 8:
            call_off(site, case)
    site.clock.advance(timedelta(days=14))
    assert look_at(site.factory, made) == 1
    page = site.visitor("analyst").get(at).text
    assert "B geresnis: skirtumas" in page and "Laukia sprendimo" in page
    assert "B aiškiai geresnis" in page
    assert telling.tell(site.factory) == 4 and telling.tell(site.factory) == 0
    bell = site.visitor("analyst").get("/notifications").text
    assert "„Longer letters“: daugiau bylų nepriimama, surinktos visos" in bell
    assert "„Longer letters“: B geresnis" in bell
    assert 'href="/analysis/experiments"' in bell
    listed = site.visitor("analyst").get("/analysis/experiments").text
    assert "B geresnis: skirtumas" in listed
    client, bearer = site.app.test_client(), site.bearer("analyst")
    told = client.get(f"/api/experiments/{made}", headers=bearer).json
    assert told["state"] == "stopped" and told["stopped"] == "b-better"
    assert told["looks"][-1]["verdict"] == "b-better" and told["looks"][-1]["last"]
    assert sum(arm["cases"] for arm in told["arms"]) == 60
    items = client.get("/api/experiments", headers=bearer).json["items"]
    assert [each["id"] for each in items] == [str(made)]
    assert client.get("/api/experiments", headers=site.bearer("ruta")).status_code == 403
    assert client.get(f"/api/experiments/{uuid4()}", headers=bearer).status_code == 404
    with site.factory.begin() as session:
        session.get_one(User, "analyst").language = "en"
        experiments.end(session, made, experiments.Decision.B, "so be it", by="manager")
    page = site.visitor("analyst").get(at).text
    assert "B is better by" in page and "All measured cases" in page


@pytest.mark.parametrize(
    "changes",
    [
        {"smallest_difference": "nan"},
        {"smallest_difference": "inf"},
        {"smallest_difference": "-5"},
        {"smallest_difference": "1e-300"},
        {"smallest_difference": "1e-160"},
        {"smallest_difference": "1e300"},
        {"share_b": "-50"},
        {"horizon_days": "99999999999"},
        {"version_a_id": "999999999", "version_b_id": "x"},
        {"measure": "conversion", "step": "a%00b"},
        {"measure": "conversion", "step": "s" * 300},
        {"measure": "conversion", "step": ""},
        {"compared": "letter:%00"},
        {"process": "nothing%00"},
        {"ends_on": "9999-12-31"},
    ],
)
def test_nonsense_in_the_form_is_no_error(site: Site, changes: dict[str, str]) -> None:
    versions = second_version(site)
    past(site)
    told = form(versions) | changes
    query = "&".join(f"{name}={value}" for name, value in told.items())
    visitor = site.visitor("analyst")
    visitor.get(f"/analysis/experiments/needed?{query}")
    if "ends_on" not in changes and "process" not in changes:
        plain = {name: value.replace("%00", "\0") for name, value in told.items()}
        visitor.post("/analysis/experiments", 422, form=plain)


def test_before_anything_is_published_there_is_nothing_to_plan(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broker_crm.definitions.published.latest_versions", lambda session: [])
    site.visitor("analyst").get("/analysis/experiments/new", 404)


def test_the_list_takes_as_many_statements_for_three_as_for_one(site: Site) -> None:
    at = planned(site)
    site.visitor("manager").post(f"{at}/start")
    sale(site)
    kept = one(site)
    visitor = site.visitor("analyst")
    once = listing_statements(site, visitor)
    for _ in range(2):
        visitor.post("/analysis/experiments", form=form((kept.version_a_id, kept.version_b_id)))
    assert listing_statements(site, visitor) == once


def test_an_experiment_into_which_no_case_came_waits_for_a_decision(site: Site) -> None:
    at = planned(site, ends_on="2026-11-25")
    manager = site.visitor("manager")
    manager.post(f"{at}/start")
    site.clock.advance(timedelta(days=4))
    assert look_at(site.factory, one(site).id) == 0
    page = manager.get(at).text
    assert "Laukia sprendimo" in page and "Kita peržiūra" not in page
    manager.post(f"{at}/end", form={"decision": "undecided", "note": "Nobody came"})
    assert "Nobody came" in manager.get(at).text


def test_a_version_published_during_an_experiment_is_said_to_wait(site: Site) -> None:
    a, b = second_version(site)
    with site.factory.begin() as session:
        session.add(running_on(SALE, a, b))
    designer = site.visitor("designer")
    designer.post(f"/design/versions/{SALE}/1/again")
    assert "palauks, kol bus nuspręsta" in designer.get(f"/design/versions/{SALE}").text


def listing_statements(site: Site, visitor: Any) -> int:
    said: list[object] = []
    engine = site.app.extensions[database.ENGINE]

    def note(*told: object) -> None:
        said.append(told[2])

    visitor.get("/analysis/experiments")
    event.listen(engine, "before_cursor_execute", note)
    visitor.get("/analysis/experiments")
    event.remove(engine, "before_cursor_execute", note)
    return len(said)


def test_renewals_begin_when_the_version_in_force_says(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def note(_session: object, version: ProcessVersion) -> list[int]:
        asked.append(version.id)
        return []

    monkeypatch.setattr(renewals, "due_policies", note)
    with site.factory.begin() as session:
        a = latest_version(session, "renewal").id
        bundle = published_bundle(session, a)
        files = tuple(
            replace(file, content=file.content + b"\nIki!\n") if file.kind == "letter" else file
            for file in bundle.files
        )
        made = publish_bundle(session, replace(bundle, files=files), None, "Longer letters")
        assert made is not None
        b = made.id
        session.add(running_on("renewal", a, b))
    renewals.start_due(site.factory, lambda: False)
    assert asked == [a]


def running_on(process_key: str, a: int, b: int) -> Experiment:
    return Experiment(
        process_key=process_key,
        name="Longer letters",
        hypothesis="A friendly word brings answers",
        compared="version",
        version_a_id=a,
        version_b_id=b,
        share_b=50,
        measure="won",
        horizon_days=10,
        smallest_difference=0.1,
        base_mean=0.3,
        base_spread=0.46,
        base_cases=100,
        arrivals_per_day=5.0,
        needed=400,
        seed="s",
        state="running",
        created_by="designer",
        created_at=MONDAY,
        started_at=MONDAY,
    )
