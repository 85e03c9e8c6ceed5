"""“What if”: asked on a page or by API, computed apart, looked at later by those who may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, select

from broker_crm.analysis.models import SimulationRun
from broker_crm.analysis.simulation import at_work, stored
from broker_crm.people.models import User
from broker_crm.process.models import ProcessEvent, ProcessInstance, UserTask
from tests.analysis.simulation.past import KEY, Past

from .conftest import Site

FORM = {"process": KEY, "version": "1", "replications": "5"}


@pytest.fixture
def lived(site: Site) -> Iterator[Site]:
    """A small process with a past of its own, which is taken away before all is checked."""
    with site.factory.begin() as session:
        Past(session, 0.8, 0.8, cases=150)
    yield site
    with site.factory.begin() as session:
        cases = select(ProcessInstance.id).where(ProcessInstance.process_key == KEY)
        for table in (ProcessEvent, UserTask):
            session.execute(delete(table).where(table.instance_id.in_(cases)))
        session.execute(delete(ProcessInstance).where(ProcessInstance.process_key == KEY))


def computed(site: Site) -> int:
    """What a worker's child does."""
    with site.factory.begin() as session:
        run_id = stored.claim(session)
    assert run_id is not None
    stored.carry_out(site.factory, run_id)
    return run_id


def test_a_change_is_asked_for_computed_and_told(lived: Site) -> None:
    visitor = lived.visitor("analyst")
    page = visitor.get(f"/analysis/what-if?process={KEY}&change=wait:ask:0.5").text
    assert "Dar netikrinta" in page and 'name="wait.ask" value="0.5"' in page
    asked = {**FORM, "wait.ask": "0,5", "outcome.ask.later": "10", "without.ruta": "yes"}
    address = visitor.post("/analysis/what-if", form=asked).location
    waiting = visitor.get(address).text
    assert "Laukia eilėje" in waiting and "ask: laukimas × 0,5" in waiting
    assert visitor.get(f"{address}/progress").headers.get("HX-Redirect") is None
    computed(lived)
    assert visitor.get(f"{address}/progress").headers["HX-Redirect"] == address
    told = visitor.get(address).text
    assert "Su pakeitimais: pusė bylų baigiasi per" in told
    assert "Modelis praeitį atkartoja teisingai" in told or "neatkartoja" in told
    assert told.count("gali būti atsitiktinumas") > 1
    assert "ask: „later“ – 10" in told and "Be žmogaus" in told
    assert "Pradėta bylų (nevertinama)" in told
    lines = visitor.get(f"{address}/figures.csv").text.splitlines()
    assert len(lines) > 10 and "Pusė bylų baigiasi per" in lines[1]
    listed = visitor.get(f"/analysis/what-if?process={KEY}").text
    assert "laukimas × 0,5" in listed and "Patikrinta" in listed


def test_a_run_is_its_owner_s_and_leaders(lived: Site) -> None:
    mine = lived.visitor("analyst")
    address = mine.post("/analysis/what-if", form=FORM).location
    other = lived.visitor("designer")
    assert "Modeliavimas" in mine.get(address).text or other.get(address).text
    other.post(f"{address}/delete", 403)
    lived.visitor("manager").post(f"{address}/delete")
    mine.get(address, 404)


@pytest.mark.parametrize(
    "wrong",
    [{"wait.ask": "many"}, {"replications": "4"}, {"outcome.ask.later": "300"}, {"wait.gone": "2"}],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(
    lived: Site, wrong: dict[str, str]
) -> None:
    visitor = lived.visitor("analyst")
    answer = visitor.post("/analysis/what-if", form={**FORM, **wrong})
    page = visitor.get(answer.location, None)
    assert "message-bad" in page.text or "bad" in page.text
    with lived.factory() as session:
        assert session.query(SimulationRun).count() == 0


def test_nobody_asks_for_more_than_a_few_at_once(lived: Site) -> None:
    visitor = lived.visitor("analyst")
    for _each in range(stored.MOST_WAITING):
        visitor.post("/analysis/what-if", form=FORM)
    answer = visitor.post("/analysis/what-if", form=FORM)
    assert "Jau paprašėte pakankamai" in visitor.get(answer.location).text


def test_a_run_whose_worker_died_is_taken_once_more_and_then_given_up(lived: Site) -> None:
    lived.visitor("analyst").post("/analysis/what-if", form=FORM)
    for _each in range(stored.ATTEMPTS):
        with lived.factory.begin() as session:
            assert stored.claim(session) is not None
        with lived.factory.begin() as session:
            assert stored.claim(session) is None
        lived.clock.advance(2 * stored.LEASE)
    with lived.factory.begin() as session:
        assert stored.claim(session) is None
    with lived.factory() as session:
        run: Any = session.query(SimulationRun).one()
        assert (run.status, run.problem) == ("failed", "abandoned")


def test_a_worker_computes_in_a_process_of_its_own(lived: Site) -> None:
    assert at_work.start_next(lived.factory) == 0
    lived.visitor("analyst").post("/analysis/what-if", form=FORM)
    assert at_work.start_next(lived.factory, stopping=lambda: True) == 0
    assert at_work.start_next(lived.factory) == 1
    lived.visitor("analyst").post("/analysis/what-if", form=FORM)
    assert at_work.start_next(lived.factory) == 0
    at_work.wait()
    with lived.factory() as session:
        first, second = session.scalars(
            select(SimulationRun)
            .where(SimulationRun.kind == stored.WHAT_IF)
            .order_by(SimulationRun.id)
        )
        assert (first.status, second.status) == ("done", "waiting")
        assert first.result is not None and first.result["outcome"]["simulated"] > 0


def test_programs_ask_and_read(lived: Site) -> None:
    client, headers = lived.app.test_client(), lived.bearer("analyst")

    def post(told: dict[str, Any], expected: int) -> Any:
        answer = client.post("/api/simulations", json=told, headers=headers)
        assert answer.status_code == expected, answer.text
        return answer.json

    def get(path: str) -> Any:
        return client.get(path, headers=headers).json

    made = post({"process": KEY, "changes": ["arrivals:1.5"], "replications": 5}, 202)
    assert made["status"] == "waiting" and made["changes"] == ["arrivals:1.5"]
    assert get(made["link"])["result"] is None
    computed(lived)
    told = get(made["link"])
    assert told["status"] == "done" and told["progress"] == 1.0
    figures = {line["key"]: line for line in told["result"]["outcome"]["figures"]}
    assert figures["cases"]["difference"]["low"] > 0
    assert told["result"]["check"]["verdict"] in {"accepted", "rejected"}
    assert [each["id"] for each in get("/api/simulations")["items"]] == [made["id"]]
    post({"process": KEY, "changes": ["wait:ask:much"]}, 422)
    post({"process": "none"}, 404)


def test_designers_are_not_told_how_busy_single_people_are(lived: Site) -> None:
    analyst = lived.visitor("analyst")
    address = analyst.post("/analysis/what-if", form=FORM).location
    run_id = computed(lived)
    with lived.factory.begin() as session:
        run = session.get_one(SimulationRun, run_id)
        assert run.result is not None and run.result["outcome"]["people"]
        login = run.result["outcome"]["people"][0]["key"]
        outcome = {**run.result["outcome"], "warnings": [["busy", login], ["few", "ask"]]}
        run.result = {**run.result, "outcome": outcome}
        name = session.get_one(User, login).name
    told, exported = analyst.get(address).text, analyst.get(f"{address}/figures.csv").text
    assert told.count(name) == 2 and name in exported
    designer = lived.visitor("designer")
    told, exported = designer.get(address).text, designer.get(f"{address}/figures.csv").text
    assert name not in told and name not in exported and "mažiau nei dešimt" in told
    client = lived.app.test_client()
    for reader, people in (("analyst", True), ("designer", False)):
        answer = client.get(f"/api/simulations/{run_id}", headers=lived.bearer(reader)).json
        assert bool(answer["result"]["outcome"]["people"]) is people
        assert (login in str(answer["result"]["outcome"]["warnings"])) is people
