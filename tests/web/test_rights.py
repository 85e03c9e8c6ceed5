"""Who may visit what: every address, every role; and records, whose they are."""

from __future__ import annotations

from uuid import uuid4

import pytest

from broker_crm.people.accounts import deactivate
from broker_crm.people.models import User
from broker_crm.web.access import ENDPOINTS

from .conftest import Site

EVERYBODY = {
    "salesperson": "ruta",
    "assistant": "asta",
    "product-manager": "product",
    "sales-manager": "manager",
    "designer": "designer",
    "analyst": "analyst",
    "complaints-handler": "complaints",
    "compliance": "compliance",
    "marketing": "marketing",
    "administrator": "admin",
}
LEADERS = {"manager", "admin"}
ALL = set(EVERYBODY.values())
CLIENTS = ALL - {"designer", "analyst", "marketing"}
DESIGN = {"designer", "analyst", "manager", "product", "admin"}
ASK = {"ruta", "jonas", "product", "analyst", "manager", "admin"}
PUBLIC = None

PAGES = {
    "/": ALL,
    "/instances": ALL,
    "/instances/download.csv": ALL,
    "/start": {"ruta", "asta", "manager", "admin"},
    "/clients": CLIENTS,
    "/clients/new": {"ruta", "jonas", "asta", "product", "manager", "admin"},
    "/search": CLIENTS,
    "/analysis": {"designer", "analyst", "manager", "admin"},
    "/analysis/bottlenecks": {"designer", "analyst", "manager", "admin"},
    "/analysis/bottlenecks/steps.csv": {"designer", "analyst", "manager", "admin"},
    "/analysis/bottlenecks/people.csv": {"analyst", "manager", "admin"},
    "/analysis/paths": {"designer", "analyst", "manager", "admin"},
    "/analysis/paths/variants.csv": {"designer", "analyst", "manager", "admin"},
    "/analysis/diagrams/new-client-sale/1": {"designer", "analyst", "manager", "admin"},
    "/analysis/exports": {"designer", "analyst", "manager", "admin"},
    "/analysis/exports/orders": {"designer", "analyst", "manager", "admin"},
    "/analysis/logs": {"designer", "analyst", "manager", "admin"},
    "/analysis/comparison": {"designer", "analyst", "manager", "admin"},
    "/analysis/segments": {"designer", "analyst", "manager", "admin"},
    "/analysis/segments/rows.csv": {"designer", "analyst", "manager", "admin"},
    "/analysis/experiments": {"designer", "analyst", "manager", "admin"},
    "/analysis/experiments/new": {"designer", "analyst", "manager", "admin"},
    "/analysis/experiments/needed": {"designer", "analyst", "manager", "admin"},
    "/questions": ASK,
    "/questions/Q2": ASK - {"product"},
    "/questions/Q2/card": ASK - {"product"},
    "/questions/Q2/rows.csv": ASK - {"product"},
    "/questions/Q2/cases.csv": ASK - {"product"},
    "/questions/Q9/lines.csv": ASK,
    "/questions/Q9": ASK,
    "/limits": ASK,
    "/reports/weekly": ASK,
    "/reports/weekly.pdf": ASK,
    "/questions/diagrams/new-client-sale/1": ASK,
    "/policies": CLIENTS,
    "/registers/offers": CLIENTS,
    "/registers/contracts": CLIENTS,
    "/products": ALL,
    "/products/1": ALL,
    "/products/new": {"product", "manager", "admin"},
    "/products/1/edit": {"product", "manager", "admin"},
    "/products/1/documents/new": {"product", "manager", "admin"},
    "/insurers": ALL,
    "/insurers/1": ALL,
    "/insurers/new": {"product", "manager", "admin"},
    "/insurers/1/edit": {"product", "manager", "admin"},
    "/insurers/1/contacts/new": {"product", "manager", "admin"},
    "/insurers/1/commissions/new": {"product", "manager", "admin"},
    "/imports": {"manager", "admin"},
    "/clients/duplicates": {"asta", "compliance", "manager", "admin"},
    "/data-protection": {"compliance", "admin"},
    "/data-protection/audit": {"compliance", "admin"},
    "/data-protection/retention": {"compliance", "admin"},
    "/data-protection/requests/new": CLIENTS,
    "/complaints": {"complaints", "compliance", "manager", "admin"},
    "/complaints/new": ALL,
    "/campaigns": {"marketing", "product", "compliance", "manager", "admin"},
    "/design/versions": {"designer", "analyst", "product", "manager", "admin"},
    "/design/versions/new-client-sale": {"designer", "analyst", "product", "manager", "admin"},
    "/campaigns/new": {"marketing", "product", "compliance", "manager", "admin"},
    "/campaigns/vip-clients": {"ruta", "jonas", "asta", "product", "manager", "admin"},
    "/offers/unknown": PUBLIC,
    "/offers/unknown/unsubscribe": PUBLIC,
    "/design/try": {"designer", "analyst", "manager", "product", "admin"},
    "/design/try/new-client-sale": {"designer", "analyst", "manager", "product", "admin"},
    "/design": DESIGN,
    "/design/files/bpmn/renewal.bpmn": DESIGN,
    "/design/files/bpmn/renewal.bpmn/compare": DESIGN,
    "/design/files/bpmn/renewal.bpmn/download": DESIGN,
    "/design/download": DESIGN,
    "/design/publish": {"designer", "admin"},
    "/meetings": ALL,
    "/letters": ALL,
    "/notifications": ALL,
    "/mail-hold": LEADERS,
    "/steering": LEADERS,
    "/login": PUBLIC,
    "/health": PUBLIC,
    "/api/openapi.json": PUBLIC,
    "/static/icon.svg": PUBLIC,
}
SEES_THE_CASE = {"manager", "designer", "analyst", "compliance", "admin"}


def test_every_address_is_in_the_table_of_rights(site: Site) -> None:
    assert {rule.endpoint for rule in site.app.url_map.iter_rules()} == set(ENDPOINTS)


@pytest.mark.parametrize("login", sorted(ALL))
def test_pages_open_to_the_roles_that_may_see_them(site: Site, login: str) -> None:
    visitor = site.visitor(login)
    for path, allowed in PAGES.items():
        expected = 200 if allowed is PUBLIC or login in allowed else 403
        answer = visitor.get(path, None, follow_redirects=path in ("/login", "/start"))
        assert answer.status_code == expected, path


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_visitor_who_is_not_signed_in_sees_only_what_is_public(site: Site, path: str) -> None:
    answer = site.visitor().get(path, None)
    if PAGES[path] is PUBLIC:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 302 and answer.location.startswith("/login")


@pytest.mark.parametrize("login", [None, *sorted(ALL)])
def test_the_link_of_an_offer_asks_nobody_to_log_in(site: Site, login: str | None) -> None:
    visitor = site.visitor(login)
    visitor.get("/offer/unknown", 404)
    visitor.post("/offer/unknown", 404)


@pytest.mark.parametrize("login", sorted(ALL))
def test_a_case_is_open_to_those_who_see_all_cases(site: Site, login: str) -> None:
    visitor = site.visitor(login)
    expected = 200 if login in SEES_THE_CASE or login == site.owner else 404
    for path in (
        f"/instances/{site.instance_id}",
        f"/instances/{site.instance_id}/diagram",
        f"/tasks/{site.task_id}",
        f"/tasks/{site.task_id}/form",
    ):
        visitor.get(path, expected)


@pytest.mark.parametrize("login", sorted(ALL))
def test_only_leaders_steer(site: Site, login: str) -> None:
    visitor = site.visitor(login)
    may = login in LEADERS
    to = {"to": site.colleague}
    visitor.post(f"/tasks/{site.task_id}/reassign", 303 if may else 403, form=to)
    unknown = {"incident": str(uuid4())}
    visitor.post("/incidents/retry", 303 if may else 403, form=unknown)
    visitor.post("/incidents/dismiss", 303 if may else 403, form=unknown)
    visitor.post("/steering/preview", 400 if may else 403)
    visitor.post("/steering/orders", 400 if may else 403)
    order = f"/steering/orders/{uuid4()}"
    visitor.get(order, 404 if may else 403)
    visitor.post(f"{order}/undo", 409 if may else 403)
    visitor.post(f"{order}/go-on", 409 if may else 403)
    visitor.post(f"/instances/{site.instance_id}/cancel", 303 if may else 403, form={"reason": "–"})


@pytest.mark.parametrize("login", sorted(ALL))
def test_a_task_is_paused_by_its_assignee_and_by_leaders(site: Site, login: str) -> None:
    visitor = site.visitor(login)
    path = f"/tasks/{site.task_id}"
    expected = 303 if login in LEADERS or login == site.owner else 404
    if login in SEES_THE_CASE - LEADERS:
        expected = 403
    visitor.post(f"{path}/pause", expected, form={"why": "client-absent"})
    visitor.post(f"{path}/resume", expected)


def test_what_happened_is_told_by_those_who_sell_and_only_what_the_diagram_allows(
    site: Site,
) -> None:
    path = f"/instances/{site.instance_id}/happened"
    site.visitor("designer").post(f"{path}/Event_BoughtElsewhere", 403)
    leader = site.visitor("manager")
    leader.post(f"{path}/Event_ConsentWithdrawn", 403)
    leader.post(f"{path}/Event_BoughtElsewhere", 303)
    assert "Pažymėta" in leader.get(f"/instances/{site.instance_id}", 200).text
    leader.post(f"{path}/Event_BoughtElsewhere", 303)
    assert "nebelaukia" in leader.get(f"/instances/{site.instance_id}", 200).text


@pytest.mark.parametrize("action", ["claim", "release", "open", "draft", "complete"])
def test_a_stranger_cannot_act_on_a_task(site: Site, action: str) -> None:
    answer = site.visitor("complaints").post(
        f"/tasks/{site.task_id}/{action}", None, json={"variables": {}}
    )
    assert answer.status_code == 404


@pytest.mark.parametrize("action", ["claim", "release", "draft", "complete"])
def test_a_colleague_of_the_group_is_told_who_has_the_task(site: Site, action: str) -> None:
    answer = site.visitor(site.colleague).post(
        f"/tasks/{site.task_id}/{action}", None, json={"variables": {}}
    )
    assert answer.status_code == 409
    assert "Šią užduotį" in answer.text or "užduotį" in answer.text


def test_a_person_who_is_deactivated_is_out_at_once(site: Site) -> None:
    visitor = site.visitor("ruta")
    visitor.get("/")
    with site.factory.begin() as session:
        deactivate(session, session.get_one(User, "ruta"))
    assert visitor.get("/", 302).location.startswith("/login")
    visitor.sign_in("ruta", expected=401)


def test_notifications_of_others_cannot_be_marked(site: Site) -> None:
    site.visitor("ruta").post("/notifications/1/read", 404)


@pytest.mark.parametrize("login", sorted(ALL))
def test_the_api_asks_the_same_table(site: Site, login: str) -> None:
    client, headers = site.app.test_client(), site.bearer(login)
    may = login in LEADERS
    message = client.post("/api/messages", json={"name": "nothing"}, headers=headers)
    assert message.status_code == (200 if may else 403)
    cancelled = client.post(
        f"/api/process-instances/{site.instance_id}/cancel",
        json={"reason": "Bandymas"},
        headers=headers,
    )
    assert cancelled.status_code == (200 if may else 403)
    task, case = f"/api/tasks/{site.task_id}", f"/api/process-instances/{site.instance_id}"
    for path in (
        f"{task}/due",
        f"{task}/hand-over",
        f"{task}/move",
        f"{case}/variables",
        f"{case}/events/1/undo",
    ):
        steered = client.post(path, json={}, headers=headers)
        assert (steered.status_code == 403) == (not may), path


def test_the_api_takes_no_cookie_for_a_token(site: Site) -> None:
    visitor = site.visitor("manager")
    for path in ("/api/tasks", f"/api/process-instances/{site.instance_id}"):
        assert visitor.get(path, 401).json["code"] == "not-signed-in"
    visitor.post("/api/messages", 401, json={"name": "nothing"})


def test_nobody_starts_a_case_for_a_client_they_may_not_see(site: Site) -> None:
    body = {
        "process": "new-client-sale",
        "variables": {"clientId": site.client_id, "productId": 1},
    }
    client = site.app.test_client()
    answer = client.post("/api/process-instances", json=body, headers=site.bearer(site.colleague))
    assert answer.status_code == 422 and "clientId" in answer.json["errors"]
    own = client.post("/api/process-instances", json=body, headers=site.bearer(site.owner))
    assert own.status_code == 201
