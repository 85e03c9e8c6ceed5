"""The task page: drafts, refusals by field, four eyes, the next task."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broker_crm.process.models import UserTask

from .conftest import Site, Visitor

LETTER = {
    "introLetterOutcome": "send",
    "letterLanguage": "lt",
    "recipientEmail": "info@klientas.example",
}


def data(visitor: Visitor, site: Site) -> dict[str, object]:
    return dict(visitor.get(f"/tasks/{site.task_id}/form").json["data"])


def test_a_draft_comes_back_survives_a_refusal_and_goes_with_the_completion(site: Site) -> None:
    owner = site.visitor(site.owner)
    path = f"/tasks/{site.task_id}"
    typed = {"introLetterOutcome": "send", "letterNote": "Laba diena", "recipientEmail": "ne"}
    saved = owner.post(f"{path}/draft", 200, json={"variables": typed})
    assert "Juodraštis" in saved.json["message"]
    assert data(owner, site)["letterNote"] == "Laba diena"
    refused = owner.post(f"{path}/complete", 422, json={"variables": typed})
    assert set(refused.json["errors"]) == {"recipientEmail", "letterLanguage"}
    assert data(owner, site)["letterNote"] == "Laba diena"
    owner.post(f"{path}/complete", 200, json={"variables": LETTER})
    with site.factory() as session:
        assert session.get_one(UserTask, site.task_id).draft is None


@pytest.mark.parametrize(
    ("language", "told"), [("lt", "Šis laukas privalomas."), ("en", "This field is required.")]
)
def test_refusals_by_field_speak_the_language_of_the_page(
    site: Site, language: str, told: str
) -> None:
    owner = site.visitor(site.owner)
    owner.post(f"/language/{language}")
    answer = owner.post(
        f"/tasks/{site.task_id}/complete", 422, json={"variables": {"introLetterOutcome": None}}
    )
    assert answer.json["errors"] == {"introLetterOutcome": [told]}


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"introLetterOutcome": "perhaps"}, "introLetterOutcome"),
        ({**LETTER, "premium": 1}, "premium"),
        ({"introLetterOutcome": "no-email", "letterNote": "hidden"}, "letterNote"),
        ({**LETTER, "recipientEmail": "info@klientas.example\nBcc: x@evil.example"}, None),
        ({**LETTER, "letterLanguage": ["lt"]}, "letterLanguage"),
    ],
)
def test_unknown_hidden_and_wrong_fields_are_refused(
    site: Site, variables: dict[str, object], field: str | None
) -> None:
    owner = site.visitor(site.owner)
    answer = owner.post(f"/tasks/{site.task_id}/complete", 422, json={"variables": variables})
    assert (field or "recipientEmail") in answer.json["errors"]


def test_the_second_tab_is_told_who_completed_the_step(site: Site) -> None:
    owner = site.visitor(site.owner)
    path = f"/tasks/{site.task_id}/complete"
    first = owner.post(path, 200, json={"variables": LETTER})
    assert first.json["location"].startswith("/tasks/")
    second = owner.post(path, 409, json={"variables": LETTER})
    assert second.json["code"] == "task-already-completed"
    assert "jau užbaigė" in second.json["message"] or "jau atliko" in second.json["message"]
    page = owner.get(f"/tasks/{site.task_id}").text
    assert 'id="complete"' not in page


@pytest.mark.parametrize("body", [[], "text", 7, {"variables": []}, {}, {"variables": "x"}])
def test_a_body_that_is_no_form_is_refused(site: Site, body: object) -> None:
    owner = site.visitor(site.owner)
    answer = owner.post(f"/tasks/{site.task_id}/complete", None, json=body)
    assert answer.status_code == 400 and answer.json["code"] == "unreadable"


def test_taking_and_giving_back(site: Site) -> None:
    owner, colleague = site.visitor(site.owner), site.visitor(site.colleague)
    path = f"/tasks/{site.task_id}"
    owner.post(f"{path}/release")
    assert "1. El. laiškas" in colleague.get("/?scope=group").text
    colleague.post(f"{path}/claim")
    assert owner.post(f"{path}/claim", 409).status_code == 409
    assert "1. El. laiškas" in colleague.get("/").text
    colleague.get(f"/clients/{site.client_id}")


def test_nobody_outside_the_group_gets_the_task(site: Site) -> None:
    manager = site.visitor("manager")
    answer = manager.post(f"/tasks/{site.task_id}/reassign", 403, form={"to": "designer"})
    assert "nepriklauso šios užduoties grupei" in answer.text
    with site.factory() as session:
        assert session.scalars(select(UserTask)).one().assignee == site.owner
