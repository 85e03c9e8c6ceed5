"""Double clicks, two tabs, the way back and a busy database, as people's browsers see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from broker_crm import process, settings
from broker_crm.people.accounts import set_password
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.web import create_app, database
from tests.process.conftest import Office, office  # noqa: F401
from tests.process.office import rows
from tests.races.interleaving import Answer, Interleaving
from tests.races.test_pairs import ALL_MOMENTS
from tests.web.conftest import Visitor

SECRET = "correct horse battery staple"
CALL = {"variables": {"outcome": "yes"}}
SPOKEN = {
    "en": ("Already completed", "Jonas already completed this step on", "does not answer"),
    "lt": ("Jau užbaigta", "Jonas jau ", "neatsako"),
}


@dataclass
class Desk:
    """The product in a browser, and one open step that anybody in the group may do."""

    office: Office
    app: Flask
    task_id: UUID

    def browser(self, login: str, language: str = "en") -> Visitor:
        visitor = Visitor(self.app)
        visitor.language = language
        visitor.sign_in(login, SECRET)
        visitor.post(f"/language/{language}")
        return visitor

    def begin(self) -> None:
        """Another case with another open step."""
        with self.office.factory.begin() as session:
            task = process.start(session, "twoCalls", {}, by="jonas").tasks[0]
            process.claim(session, task.id, by="jonas")
        self.task_id = task.id

    def press(self, visitor: Visitor, what: str, json: object = None) -> Callable[[], TestResponse]:
        """A press of a button on the page that is open now; the answer comes when it is called."""
        token = visitor.token()
        headers = {"X-CSRFToken": token, "Accept-Language": visitor.language}
        if json is not None:
            headers["Accept"] = "application/json"
        body: Mapping[str, Any] = {"data": {}} if json is None else {"json": json}
        path = f"/tasks/{self.task_id}/{what}"
        return lambda: visitor.client.post(path, headers=headers, **body)


@pytest.fixture
def desk(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:  # noqa: F811
    with office.factory.begin() as session:
        for login in ("jonas", "ruta"):
            set_password(session, session.get_one(User, login), SECRET)
    monkeypatch.setattr(database, "PATIENCE", 1)
    loaded = settings.load(
        {
            "BROKER_CRM_DATA_DIR": str(office.folder / "data"),
            "DATABASE_URL": office.engine.url.render_as_string(hide_password=False),
            "BROKER_CRM_DEMO": "1",
        }
    )
    loaded.data_dir.mkdir(parents=True, exist_ok=True)
    made = Desk(office, create_app(loaded), UUID(int=0))
    made.begin()
    yield made
    made.app.extensions[database.ENGINE].dispose()


def chosen(steps: int) -> list[int]:
    return sorted({0, steps // 2, steps - 1}) if not ALL_MOMENTS else list(range(steps))


def seen(answer: Answer) -> TestResponse:
    assert isinstance(answer.value, TestResponse)
    assert answer.value.status_code < 500, answer.value.text
    return answer.value


def test_a_double_click_completes_once_and_the_second_is_told_who_and_when(desk: Desk) -> None:
    jonas = desk.browser("jonas")
    interleaving = Interleaving(desk.app.extensions[database.ENGINE])
    steps = interleaving.steps(desk.press(jonas, "complete", CALL))
    moments = chosen(steps)
    for at in moments:
        desk.begin()
        press = desk.press(jonas, "complete", CALL)
        answers = [seen(each) for each in interleaving.meet(press, press, at)]
        assert sorted(each.status_code for each in answers) == [200, 409]
        (told,) = [each.json or {} for each in answers if each.status_code == 409]
        assert told["code"] == "task-already-completed"
        assert "Jonas" in told["message"] and "10:00" in told["message"]
    interleaving.close()
    assert _completions(desk) == len(moments) + 1


@pytest.mark.parametrize(
    ("first", "second"),
    [("release", "complete"), ("complete", "release"), ("draft", "complete"), ("claim", "claim")],
)
def test_two_people_or_tabs_each_get_a_clear_answer(desk: Desk, first: str, second: str) -> None:
    jonas, ruta = desk.browser("jonas"), desk.browser("ruta")
    interleaving = Interleaving(desk.app.extensions[database.ENGINE])

    def presses() -> tuple[Callable[[], TestResponse], Callable[[], TestResponse]]:
        desk.begin()
        if first == "claim":
            desk.press(jonas, "release")()
        other = ruta if second == "claim" else jonas
        return desk.press(jonas, first, CALL), desk.press(other, second, CALL)

    for at in chosen(interleaving.steps(presses()[0])):
        one, other = (seen(each) for each in interleaving.meet(*presses(), at))
        statuses = [one.status_code, other.status_code]
        assert set(statuses) <= {200, 303, 409} and statuses.count(409) <= 1, statuses
        if "complete" in (first, second):
            assert (one, other)[(first, second).index("complete")].status_code == 200
        for refused in (each for each in (one, other) if each.status_code == 409):
            assert any(name in (refused.json or {})["message"] for name in ("Jonas", "Ruta"))
    interleaving.close()


@pytest.mark.parametrize("language", SPOKEN)
def test_going_back_and_sending_again_changes_nothing_and_says_so(
    desk: Desk, language: str
) -> None:
    jonas = desk.browser("jonas", language)
    button = desk.press(jonas, "complete")
    with desk.office.factory.begin() as session:
        process.complete(session, desk.task_id, {"outcome": "yes"}, by="jonas")
    for what in ("complete", "release", "claim"):
        again = button() if what == "complete" else desk.press(jonas, what)()
        assert (again.status_code, again.mimetype) == (409, "text/html")
        title, told, _busy = SPOKEN[language]
        assert title in again.text and told in again.text
    stale = jonas.get(f"/tasks/{desk.task_id}")
    assert 'id="complete"' not in stale.text
    assert _completions(desk) == 1


@pytest.mark.parametrize("language", SPOKEN)
def test_a_busy_database_asks_to_try_again_and_keeps_what_was_typed(
    desk: Desk, language: str
) -> None:
    jonas = desk.browser("jonas", language)
    assert desk.press(jonas, "draft", {"variables": {"outcome": "no"}})().status_code == 200
    presses = [desk.press(jonas, "complete", CALL), desk.press(jonas, "release")]
    with desk.office.factory.begin() as session:
        instance = select(ProcessInstance.id).join(
            UserTask, UserTask.instance_id == ProcessInstance.id
        )
        session.execute(instance.with_for_update()).all()
        for press in presses:
            answer = press()
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert SPOKEN[language][2] in (answer.text if answer.json is None else str(answer.json))
    with desk.office.factory() as session:
        assert session.get_one(UserTask, desk.task_id).draft == {"outcome": "no"}
    assert presses[0]().status_code == 200
    assert _completions(desk) == 1


def _completions(desk: Desk) -> int:
    return rows(desk.office.engine, "process_event WHERE kind = 'task-completed'")
