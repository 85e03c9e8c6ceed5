"""The JSON API: described as it is, and never an error page for bad input."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import Site

NASTY: list[Any] = [
    None,
    [],
    "text",
    7,
    True,
    {},
    {"process": None},
    {"process": 7},
    {"process": "new-client-sale", "variables": []},
    {"process": "new-client-sale", "variables": {"clientId": "1"}},
    {"process": "new-client-sale", "variables": {"clientId": True}},
    {"process": "new-client-sale", "variables": {"clientId": 10**30}},
    {"process": "new-client-sale", "variables": {"clientId": 1, "productId": -1}},
    {"process": "new-client-sale", "variables": {"clientId": 1, "owner": "nobody"}},
    {"process": "new-client-sale", "variables": {"clientId": 1, "owner": {"a": 1}}},
    {"process": "\x00", "variables": {}},
    {"unknown": 1},
    {"variables": {"a" * 5000: 1}},
]


@pytest.fixture
def call(site: Site) -> Any:
    client, headers = site.app.test_client(), site.bearer("manager")

    def request(method: str, path: str, **options: Any) -> Any:
        return client.open(path, method=method, headers=headers, **options)

    return request


def test_the_description_lists_every_address(site: Site) -> None:
    described = site.app.test_client().get("/api/openapi.json").json
    assert described["openapi"].startswith("3.")
    listed = {
        (path, method.upper()) for path, methods in described["paths"].items() for method in methods
    }
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix("/api"), method)
        for rule in site.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.description"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    names = {(re.sub(r"\{\w+\}", "{}", path).removeprefix("/api"), m) for path, m in listed}
    for path, method in served:
        assert (re.sub(r"\{\w+\}", "{}", path), method) in names, path


@pytest.mark.parametrize("body", NASTY, ids=repr)
def test_bad_bodies_get_a_code_and_a_sentence(site: Site, call: Any, body: Any) -> None:
    for path in ("/api/process-instances", "/api/messages", f"/api/tasks/{site.task_id}/complete"):
        answer = call("POST", path, json=body)
        assert 400 <= answer.status_code < 500, (path, answer.text)
        assert answer.json["code"] and answer.json["message"]


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 5000])
def test_broken_json_is_refused(call: Any, raw: bytes) -> None:
    answer = call("POST", "/api/process-instances", data=raw, content_type="application/json")
    assert answer.status_code == 400 and answer.json["code"] == "unreadable"


@pytest.mark.parametrize(
    "query",
    ["scope=yours", "status=late", "limit=0", "limit=x", "limit=100000", "cursor=%00", "cursor=x"],
)
def test_bad_questions_are_refused(call: Any, query: str) -> None:
    answer = call("GET", f"/api/tasks?{query}")
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 200:
        assert query == "limit=100000"


def test_pages_of_tasks_follow_each_other_without_gaps(site: Site, call: Any) -> None:
    body = {"process": "new-client-sale", "variables": {"clientId": site.client_id, "productId": 1}}
    for _ in range(6):
        assert call("POST", "/api/process-instances", json=body).status_code == 201
    seen, cursor = [], ""
    while True:
        page = call("GET", f"/api/tasks?scope=all&limit=2&cursor={cursor}").json
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == page["total"] == 7


def test_a_revoked_or_invented_token_is_refused(site: Site) -> None:
    client = site.app.test_client()
    for header in ("Bearer x", "Bearer ", "Basic cnV0YTpydXRh", "bearer " + "a" * 10_000):
        answer = client.get("/api/tasks", headers={"Authorization": header})
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_start_repeated_with_its_key_has_one_effect(site: Site, call: Any) -> None:
    body = {"process": "new-client-sale", "variables": {"clientId": site.client_id, "productId": 1}}
    key = {"Idempotency-Key": "order-7"}
    headers = site.bearer("manager") | key
    client = site.app.test_client()
    answers = [client.post("/api/process-instances", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    body["variables"] = {"clientId": site.client_id}
    other = client.post("/api/process-instances", json=body, headers=headers)
    assert (other.status_code, other.json["code"]) == (409, "key-used-otherwise")


@pytest.mark.parametrize("key", ["", "x" * 201, "ą"])
def test_a_key_that_can_not_be_kept_is_refused(site: Site, key: str) -> None:
    headers = site.bearer("manager") | {"Idempotency-Key": key}
    body = {"process": "new-client-sale", "variables": {}}
    answer = site.app.test_client().post("/api/process-instances", json=body, headers=headers)
    assert answer.status_code == 400 and "Idempotency-Key" in answer.json["message"]
