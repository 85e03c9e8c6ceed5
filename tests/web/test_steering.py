"""The manager's steering on pages and through the API: seen before, done once, taken back."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from broker_crm.calendar import lithuanian_calendar
from broker_crm.crm import complaints
from broker_crm.crm.cases import start_case
from broker_crm.process import steering
from broker_crm.process.models import Incident, ProcessEvent, ProcessInstance, Timer, UserTask
from broker_crm.process.steering import SteeringBatch, places

from .conftest import MONDAY, Site, Visitor
from .test_complaint_register import TOLD
from .test_operating import LETTER


@pytest.fixture
def manager(site: Site) -> Visitor:
    visitor = site.visitor("manager")
    visitor.post("/language/en")
    visitor.language = "en"
    return visitor


def task(site: Site, task_id: Any = None) -> UserTask:
    with site.factory() as session:
        return session.get_one(UserTask, task_id or site.task_id)


def subject(site: Site) -> str:
    return f"{site.instance_id}:{site.task_id}"


def hidden(page: str) -> dict[str, str]:
    """What the preview's form would send."""
    form = page[page.index('action="/steering/orders"') :]
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: value for name, value in fields if name != "csrf_token"}


def preview(visitor: Visitor, **form: str) -> tuple[str, dict[str, str]]:
    page = visitor.post("/steering/preview", 200, form=form).text
    return page, {**hidden(page), "reason": form.get("reason", "")}


def test_tasks_are_found_by_person_process_lateness_and_words(site: Site, manager: Visitor) -> None:
    assert str(site.task_id) in manager.get("/steering").text
    for query, found in (
        (f"person={site.owner}", True),
        (f"person={site.colleague}", False),
        ("person=-", False),
        ("team=nowhere", False),
        ("process=new-client-sale", True),
        ("process=renewal", False),
        ("state=late", False),
        ("state=paused", False),
        ("q=zzzz", False),
    ):
        page = manager.get(f"/steering?{query}").text
        assert (str(site.task_id) in page) == found, query
    site.clock.set(MONDAY + timedelta(days=60))
    assert str(site.task_id) in manager.get("/steering?state=late").text


def test_a_task_is_handed_over_after_a_preview_and_taken_back(site: Site, manager: Visitor) -> None:
    page, form = preview(
        manager,
        subject=subject(site),
        action="hand-over",
        person=site.colleague,
        reason="Serga",
    )
    assert "Nothing is done yet" in page and task(site).assignee == site.owner
    answer = manager.post("/steering/orders", form=form)
    assert task(site).assignee == site.colleague
    order = manager.get(answer.location).text
    assert "Serga" in order and 'id="undo"' in order
    assert "Serga" in manager.get(f"/instances/{site.instance_id}").text
    manager.post(f"{answer.location}/undo")
    assert task(site).assignee == site.owner
    assert "Taken back" in manager.get(answer.location).text


def test_the_same_preview_sent_twice_is_one_order(site: Site, manager: Visitor) -> None:
    _, form = preview(
        manager, subject=subject(site), action="due-later", days="3", reason="Klientas prašė"
    )
    first = manager.post("/steering/orders", form=form).location
    due = task(site).due_at
    assert manager.post("/steering/orders", form=form).location == first
    assert "nothing was done twice" in manager.get(first).text
    assert task(site).due_at == due
    with site.factory() as session:
        assert len(session.scalars(select(SteeringBatch)).all()) == 1


def test_one_that_can_not_be_done_says_why_and_the_others_are_done(
    site: Site, manager: Visitor
) -> None:
    with site.factory.begin() as session:
        variables = {"clientId": site.client_id, "productId": 1}
        other = start_case(session, "new-client-sale", variables, by=site.owner)
        other_task = f"{other.instance.id}:{other.tasks[0].id}"
        other_id = other.tasks[0].id
    manager.post(f"/tasks/{site.task_id}/pause", form={"why": "client-absent"})
    body = {"subject": [subject(site), other_task], "action": "pause", "why": "client-absent"}
    page = manager.post("/steering/preview", 200, form=body).text  # type: ignore[arg-type]
    assert "The task is paused already." in page and "Do it for 1" in page
    form = {**hidden(page), "reason": ""}
    manager.post("/steering/orders", form=form)
    assert task(site, other_id).pause_reason == "client-absent"


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({}, "Choose at least one task."),
        ({"subject": "x"}, "can&#39;t be recognised"),
        ({"subject": "SUBJECT"}, "Choose what to do."),
        ({"subject": "SUBJECT", "action": "fly"}, "Choose what to do."),
        ({"subject": "CASE", "action": "correct", "variable": "vip", "value": "{"}, "JSON"),
        ({"subject": "CASE", "action": "hand-over", "person": "ru\0ta"}, "can&#39;t be kept"),
    ],
)
def test_an_order_that_can_not_be_read_is_answered(
    site: Site, manager: Visitor, form: dict[str, str], told: str
) -> None:
    case = f"{site.instance_id}:{site.instance_id}"
    filled = {
        key: value.replace("SUBJECT", subject(site)).replace("CASE", case)
        for key, value in form.items()
    }
    assert told in manager.post("/steering/preview", 400, form=filled).text
    manager.post("/steering/orders", 400, form={**filled, "key": "x"})


def test_one_case_is_steered_from_its_page(site: Site, manager: Visitor) -> None:
    path = f"/instances/{site.instance_id}"
    page = manager.get(path).text
    assert 'id="steer"' in page and 'name="step"' in page
    assert 'id="steer"' not in site.visitor(site.owner).get(path).text
    target = re.search(r'name="step"><option value="(\w+)"', page)
    assert target is not None
    told, form = preview(
        manager,
        subject=subject(site),
        action="move",
        step=target[1],
        reason="Jau kalbėjome",
        next=path,
    )
    assert "→" in told
    if 'id="give"' in told:
        assert manager.post("/steering/orders", form=form).location == path
        page = manager.get(path).text
        assert "Moved to another step" in page and "See it, or take it back" in page
        assert task(site).status == "cancelled"


def test_data_of_a_case_is_corrected_and_its_history_tells_of_it(
    site: Site, manager: Visitor
) -> None:
    case = f"{site.instance_id}:{site.instance_id}"
    path = f"/instances/{site.instance_id}"
    told, form = preview(
        manager,
        subject=case,
        action="correct",
        variable="vip",
        value="true",
        reason="Suklydo",
        next=path,
    )
    assert "vip: false → true" in told
    manager.post("/steering/orders", form=form)
    page = manager.get(path).text
    assert "Data of the case corrected" in page and "vip: false → true" in page


def test_the_assignee_pauses_and_resumes_and_is_not_late_for_it(site: Site) -> None:
    owner = site.visitor(site.owner)
    path = f"/tasks/{site.task_id}"
    assert 'id="pause"' in owner.get(path).text
    owner.post(f"{path}/pause", 422, form={"why": "other"})
    owner.post(f"{path}/pause", form={"why": "waiting-for-client", "note": "Pirmadienį"})
    assert "Laukiama kliento" in owner.get(path).text
    assert "Laukiama kliento" in owner.get("/").text
    before = task(site).due_at
    site.clock.set(MONDAY + timedelta(days=7))
    owner.post(f"{path}/resume")
    moved = task(site)
    assert before is not None and moved.due_at == before + timedelta(days=7)
    assert moved.first_due_at == before
    owner.post(f"{path}/resume", 409)


def test_a_paused_task_that_is_completed_goes_on_first(site: Site) -> None:
    owner = site.visitor(site.owner)
    path = f"/tasks/{site.task_id}"
    owner.post(f"{path}/pause", form={"why": "waiting-for-client"})
    site.clock.set(MONDAY + timedelta(days=21))
    owner.post(f"{path}/complete", 200, json={"variables": LETTER})
    with site.factory() as session:
        done = session.scalars(
            select(ProcessEvent).where(ProcessEvent.kind == "task-completed")
        ).one()
    assert done.late_days == 0


def test_the_api_steers_one_task(site: Site) -> None:
    client, headers = site.app.test_client(), site.bearer("manager")
    path = f"/api/tasks/{site.task_id}"

    def post(address: str, body: object) -> Any:
        return client.post(address, json=body, headers=headers)

    assert post(f"{path}/pause", {"reason": "client-absent"}).json["paused"] == "client-absent"
    again = post(f"{path}/pause", {"reason": "client-absent"})
    assert (again.status_code, again.json["code"]) == (409, "already-paused")
    assert post(f"{path}/resume", {}).json["paused"] is None
    due = post(f"{path}/due", {"due_at": "2026-12-15T15:00:00+02:00", "reason": "Ilgiau"})
    assert due.json["due_at"] == "2026-12-15T13:00:00Z" and due.json["first_due_at"]
    for wrong in ("soon", "2026-12-15", "2026-12-15T15:00:00"):
        refused = post(f"{path}/due", {"due_at": wrong, "reason": "x"})
        assert refused.status_code == 422 and "due_at" in refused.json["errors"]
    past = post(f"{path}/due", {"due_at": "2020-01-01T00:00:00Z", "reason": "x"})
    assert past.json["code"] == "due-out-of-range"
    given = post(f"{path}/hand-over", {"to": site.colleague, "reason": "Serga"})
    assert given.json["assignee"] == site.colleague
    case = f"/api/process-instances/{site.instance_id}"
    corrected = post(f"{case}/variables", {"name": "vip", "value": True, "reason": "Klaida"})
    assert corrected.json["value"] == {"name": "vip", "from": False, "to": True}
    undone = post(f"{case}/events/{corrected.json['id']}/undo", {})
    assert undone.json["value"]["to"] is False
    twice = post(f"{case}/events/{corrected.json['id']}/undo", {})
    assert twice.json["code"] == "cannot-undo"
    nowhere = post(f"{path}/move", {"element": "Nowhere", "reason": "x"})
    assert nowhere.json["code"] == "cannot-move"


def test_a_complaints_legal_clocks_do_not_pause_and_its_work_stays_beside_them(
    site: Site, manager: Visitor
) -> None:
    with site.factory.begin() as session:
        complaint = complaints.register(session, TOLD, by="jonas").instance.id

    def due() -> dict[str, Any]:
        with site.factory() as session:
            found = select(Timer.element_id, Timer.due_at, Timer.host_task_id)
            rows = session.execute(found.where(Timer.instance_id == complaint))
            return {row.element_id: (row.due_at, row.host_task_id) for row in rows}

    before = due()
    work = next(host for _due, host in before.values() if host is not None)
    clocks = {name for name, (_due, host) in before.items() if host is None}
    assert {"Timer_LegalClock", "Timer_InternalClock"} <= clocks
    manager.post(f"/tasks/{work}/pause", form={"why": "waiting-for-client"})
    site.clock.advance(timedelta(days=2))
    manager.post(f"/tasks/{work}/resume")
    after = due()
    assert {name for name in before if after[name][0] == before[name][0]} == clocks
    office = lithuanian_calendar(2026, 2027)
    moved = [
        office.working_days_between(before[name][0].date(), after[name][0].date())
        for name in before
        if before[name][1] == work
    ]
    assert moved and set(moved) == {2}
    with site.factory() as session:
        case = session.get_one(ProcessInstance, complaint)
        clock = session.scalars(
            select(Timer.id).where(
                Timer.instance_id == complaint, Timer.element_id == "Timer_LegalClock"
            )
        ).one()
        reached = {place.element_id: place.why_not for place in places(session, case, work)}
        from_clock = places(session, case, clock)
    assert reached["Task_Decide"] is None
    assert {place.why_not.name for place in from_clock if place.why_not} & {"FORK"}
    assert all(place.why_not for place in from_clock if place.element_id == "Task_Decide")


def test_a_case_that_is_hidden_from_a_manager_is_not_steered_by_them(
    site: Site, manager: Visitor
) -> None:
    with site.factory.begin() as session:
        told = replace(TOLD, employee="manager")
        started = complaints.register(session, told, by="jonas")
        case, task_id = started.instance.id, started.tasks[0].id
    form = {"subject": f"{case}:{task_id}", "action": "spread", "reason": "x"}
    assert str(task_id) not in manager.get("/steering").text
    manager.post("/steering/preview", 404, form=form)
    headers = site.bearer("manager")
    answer = site.app.test_client().post(
        f"/api/process-instances/{case}/variables",
        json={"name": "vip", "value": True, "reason": "x"},
        headers=headers,
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("due", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_outside_all_years_is_refused(site: Site, due: str) -> None:
    client, headers = site.app.test_client(), site.bearer("manager")
    body = {"due_at": due, "reason": "Klaida"}
    answer = client.post(f"/api/tasks/{site.task_id}/due", json=body, headers=headers)
    assert answer.status_code == 422 and "due_at" in answer.json["errors"]


def test_an_event_of_a_number_that_none_can_have_is_not_found(site: Site) -> None:
    path = f"/api/process-instances/{site.instance_id}/events/{10**30}/undo"
    answer = site.app.test_client().post(path, json={}, headers=site.bearer("manager"))
    assert answer.status_code == 404


def test_a_step_for_somebody_who_does_not_exist_stops_the_case_with_an_incident(
    site: Site,
) -> None:
    with site.factory.begin() as session:
        steering.correct_variable(
            session, site.instance_id, "owner", "niekas", "Klaida", by="manager"
        )
    client, headers = site.app.test_client(), site.bearer(site.owner)
    path = f"/api/tasks/{site.task_id}/complete"
    answer = client.post(path, json={"variables": LETTER}, headers=headers)
    assert answer.status_code == 409 and answer.json["code"] == "process-stopped"
    with site.factory() as session:
        assert "niekas" in session.scalars(select(Incident)).one().message
    assert task(site).status == "open"


def test_somebody_whom_nobody_knows_is_told_clearly_and_leaves_no_incident(site: Site) -> None:
    client, headers = site.app.test_client(), site.bearer("manager")

    def post(address: str, body: object) -> Any:
        return client.post(address, json=body, headers=headers)

    path = f"/api/tasks/{site.task_id}"
    refused = post(f"{path}/hand-over", {"to": "niekas", "reason": "Serga"})
    assert (refused.status_code, refused.json["code"]) == (409, "no-such-person")
    moved = post(f"{path}/move", {"element": "Task_FirstCall", "reason": "Skubu"})
    with site.factory.begin() as session:
        steering.correct_variable(
            session, site.instance_id, "owner", "niekas", "Klaida", by="manager"
        )
        event = session.scalars(
            select(ProcessEvent.id).where(ProcessEvent.kind == "token-moved")
        ).one()
    undone = post(f"/api/process-instances/{site.instance_id}/events/{event}/undo", {})
    onward = post(
        f"/api/tasks/{moved.json['id']}/move", {"element": "Task_PlanMeeting", "reason": "x"}
    )
    for answer in (undone, onward):
        assert (answer.status_code, answer.json["code"]) == (409, "step-fails"), answer.json
        assert "niekas" in answer.json["message"]
    with site.factory() as session:
        assert session.scalars(select(Incident)).all() == []


def test_an_approval_is_skipped_only_after_it_was_confirmed(site: Site, manager: Visitor) -> None:
    told = {"subject": subject(site), "action": "move", "step": "Task_OfferLetter", "reason": "Ne"}
    page, form = preview(manager, **told)
    assert "skips the approvals" in page and 'name="skips_approvals"' in page
    refused = manager.post("/steering/orders", form=form)
    assert "nobody has confirmed" in manager.get(refused.location).text
    assert task(site).status == "open"
    _, again = preview(manager, **told)
    done = manager.post("/steering/orders", form={**again, "skips_approvals": "yes"})
    assert "skips the approvals" in manager.get(done.location).text
    assert task(site).status == "cancelled"
    assert "skips the approvals" in manager.get(f"/instances/{site.instance_id}").text


def test_the_api_skips_an_approval_only_where_it_is_told_to(site: Site) -> None:
    client, headers = site.app.test_client(), site.bearer("manager")
    path = f"/api/tasks/{site.task_id}/move"
    body: dict[str, object] = {"element": "Task_OfferLetter", "reason": "Skubu"}
    refused = client.post(path, json=body, headers=headers)
    assert (refused.status_code, refused.json["code"]) == (409, "skips-approval")
    moved = client.post(path, json={**body, "skip_approvals": True}, headers=headers)
    assert moved.status_code == 200 and moved.json["step"] == "offer-letter"


def test_a_task_of_another_case_is_not_steered_under_this_one(site: Site, manager: Visitor) -> None:
    with site.factory.begin() as session:
        variables = {"clientId": site.client_id, "productId": 1}
        other = start_case(session, "new-client-sale", variables, by=site.owner).instance.id
    crafted = f"{other}:{site.task_id}"
    form = {"subject": crafted, "action": "hand-over", "person": site.colleague, "reason": "x"}
    page, _ = preview(manager, **form)
    assert "There is no such record" in page and 'id="give"' not in page
    manager.post("/steering/orders", form={**form, "key": str(uuid4())})
    assert task(site).assignee == site.owner
