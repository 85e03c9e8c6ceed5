"""Signing in and out: guessing, sessions, where people are sent, and forged requests."""

from __future__ import annotations

from datetime import timedelta

import pytest
from werkzeug.routing import AnyConverter, UnicodeConverter, UUIDConverter

from broker_crm import settings
from broker_crm.web import create_app
from broker_crm.web.record_numbers import RecordNumber

from .conftest import Site, Visitor


def test_wrong_login_and_wrong_password_are_told_alike(site: Site) -> None:
    known = site.visitor().sign_in("ruta", "wrong", expected=401).text
    unknown = site.visitor().sign_in("nobody", "wrong", expected=401).text
    told = "Prisijungimo vardas arba slaptažodis neteisingas."
    assert told in known and told in unknown


def test_after_five_failures_a_person_waits_and_then_may_sign_in_again(site: Site) -> None:
    visitor = site.visitor()
    for _ in range(5):
        visitor.sign_in("ruta", "wrong", expected=401)
    assert "Per daug bandymų" in visitor.sign_in("ruta", expected=429).text
    site.clock.advance(timedelta(minutes=16))
    visitor.sign_in("ruta")
    visitor.get("/")


def test_demo_logins_do_not_work_outside_the_demo(site: Site) -> None:
    serious = settings.load(
        {
            "BROKER_CRM_DATA_DIR": str(site.settings.data_dir),
            "DATABASE_URL": site.settings.database_url,
            "BROKER_CRM_DEMO": "0",
        }
    )
    visitor = Visitor(create_app(serious))
    page = visitor.get("/login").text
    assert "brokeris-demo" not in page
    visitor.sign_in("manager", expected=401)
    headers = site.bearer("manager")
    answer = create_app(serious).test_client().get("/api/tasks", headers=headers)
    assert answer.status_code == 401


def test_signing_in_gives_a_new_session_and_signing_out_ends_all(site: Site) -> None:
    first, second = site.visitor(), site.visitor("ruta")
    first.get("/login")
    before = first.client.get_cookie("session")
    first.sign_in("ruta")
    after = first.client.get_cookie("session")
    assert before is not None and after is not None and before.value != after.value
    stolen = after.value
    first.post("/logout")
    second.get("/", 302)
    thief = site.visitor()
    thief.client.set_cookie("session", stolen)
    thief.get("/", 302)


@pytest.mark.parametrize(
    "wish",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "///evil.example",
    ],
)
def test_nobody_is_sent_to_a_foreign_place(site: Site, wish: str) -> None:
    visitor = site.visitor()
    answer = visitor.post(
        "/login", form={"login": "ruta", "password": "brokeris-demo-2026", "next": wish}
    )
    assert answer.location == "/"
    assert visitor.post("/language/en", form={"next": wish}).location == "/"


def test_after_signing_in_people_come_to_the_page_that_they_wished(site: Site) -> None:
    answer = site.visitor().get("/letters?state=sent", 302)
    assert answer.location == "/login?next=/letters?state%3Dsent"
    visitor = site.visitor()
    form = {"login": "ruta", "password": "brokeris-demo-2026", "next": "/letters?state=sent"}
    assert visitor.post("/login", form=form).location == "/letters?state=sent"


def test_every_post_of_the_pages_needs_the_page_token(site: Site) -> None:
    visitor = site.visitor("manager")
    ids = {"client_id": site.client_id, "task_id": site.task_id, "instance_id": site.instance_id}
    own = {RecordNumber: 1, UUIDConverter: site.task_id, UnicodeConverter: "unknown"}
    posts = [
        rule
        for rule in site.app.url_map.iter_rules()
        if "POST" in (rule.methods or ())
        and not rule.endpoint.startswith("api.")
        and rule.endpoint != "signing.heard"
    ]
    assert len(posts) >= 13
    for rule in posts:
        with site.app.test_request_context():
            values = {
                name: min(converter.items)
                if isinstance(converter, AnyConverter)
                else ids.get(name, own[type(converter)])
                for name, converter in rule._converters.items()
            }
            path = site.app.url_for(rule.endpoint, **values)
        answer = visitor.post(path, 400, csrf=False)
        assert "Puslapis paseno" in answer.text or "pasen" in answer.text, path


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(site: Site) -> None:
    secure = settings.load(
        {
            "BROKER_CRM_DATA_DIR": str(site.settings.data_dir),
            "DATABASE_URL": site.settings.database_url,
            "BROKER_CRM_URL": "https://crm.example",
        }
    )
    answer = create_app(secure).test_client().get("/login", base_url="https://crm.example")
    cookie = answer.headers["Set-Cookie"]
    for part in ("__Host-session=", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"):
        assert part in cookie
    assert "max-age=" in answer.headers["Strict-Transport-Security"]
