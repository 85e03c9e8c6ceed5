"""What the page of a trial shows: diagram, clock, open steps with forms, letters, history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
from markupsafe import Markup

from broker_crm.definitions.forms import translate_form
from broker_crm.scenarios.coverage import coverage_from
from broker_crm.scenarios.errors import problem_from
from broker_crm.scenarios.scenario import titled
from broker_crm.web import database, outcomes, safe_text, staff, task_form
from broker_crm.web.access import may_visit
from broker_crm.web.sign_in import person
from broker_crm.web.trying import words
from broker_crm.web.trying.pages import verdict_view
from broker_crm.web.trying.tried import Tried
from broker_crm.web.wording import EVENT, HELP, NOTIFICATION, ROLES, word

QUIET = frozenset({"element-passed", "task-started"})
"""Events that the diagram shows better than a line."""


def trial_view(
    tried: Tried,
    script: Mapping[str, Any],
    performed: Mapping[str, Any] | None,
    row_version: int | None,
    refused: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Everything that the page shows.

    Args:
        tried: version or drafts.
        script: the scenario so far.
        performed: how it went; None when it could not be read.
        row_version: of the saved scenario that was opened.
        refused: a step that was not taken, with what was typed.
    """
    texts = tried.texts
    performed = performed or {"problem": None, "verdicts": [], "coverage": None, "seen": None}
    seen = performed["seen"] or {}
    steps = {task["step"]: texts.get(task["name"], task["name"]) for task in seen.get("tasks", [])}
    coverage = coverage_from(performed["coverage"])
    problem = problem_from(performed["problem"]) if performed["problem"] else None
    return {
        "version": tried,
        "key": tried.key,
        "name": tried.name,
        "script": json.dumps(script, ensure_ascii=False),
        "readable": json.dumps(script, ensure_ascii=False, indent=2),
        "scenario": texts.get(titled(script), titled(script)),
        "title": titled(script),
        "row_version": row_version or "",
        "steps": [
            words.step(act, steps) for act in script.get("steps", []) if isinstance(act, dict)
        ],
        "problems": [words.problem(problem)] if problem else [],
        "verdicts": [verdict_view(each) for each in performed["verdicts"]],
        "now": str(seen.get("now", script.get("begins", ""))).replace("T", " "),
        "seen": seen,
        "outcome": outcomes.of_case(seen["outcome"]) if seen.get("outcome") else "",
        "tasks": [_task(task, tried, texts, refused) for task in seen.get("tasks", [])],
        "timers": [
            {**timer, "name": texts.get(timer["name"], timer["name"]) or timer["element"],
             "due": timer["due"].replace("T", " ")}
            for timer in seen.get("timers", [])
        ],
        "messages": seen.get("messages", []),
        "letters": [
            {**letter, "html": safe_text.html(letter["markdown"]),
             "at": letter["at"].replace("T", " ")}
            for letter in seen.get("written", [])
        ],
        "events": [_event(event, texts) for event in reversed(seen.get("events", []))
                   if event["kind"] not in QUIET],
        "told": [_notified(each, texts) for each in seen.get("notifications", [])],
        "variables": [
            (key, value if isinstance(value, str) else orjson.dumps(value).decode())
            for key, value in sorted(seen.get("variables", {}).items())
        ],
        "percent": coverage.percent if coverage else 0,
        "form_texts": task_form.texts(),
        "may_try": may_visit(person(), "trying.begin"),
        "progress": {
            "names": dict(texts),
            "active": seen.get("active", []),
            "late": [],
            "passed": seen.get("passed", []),
            "flows": seen.get("flows", []),
            "notes": {},
            "marks": {},
        },
    }  # fmt: skip


def _task(
    task: Mapping[str, Any],
    tried: Tried,
    texts: Mapping[str, str],
    refused: Mapping[str, Any] | None,
) -> dict[str, Any]:
    session = database.current()
    data = {key: value for key, value in task["data"].items() if value is not None}
    if refused is not None and refused.get("do") == task["step"]:
        data |= refused["values"]
    source = None
    if task["form"]:
        schema = tried.schema(task["form"])
        source = {"schema": translate_form(schema, texts), "data": data}
    return {
        **task,
        "name": texts.get(task["name"], task["name"]),
        "who": staff.name(session, task["assignee"]) or word(ROLES, task["group"]),
        "due": task["due"].replace("T", " "),
        "source": source,
        "outcomes": [] if source else task["outcomes"],
        "help": [
            {
                "title": word(HELP, each["kind"]),
                "subject": each["subject"],
                "html": safe_text.html(each["markdown"]) if "markdown" in each
                else Markup(each["html"]),  # noqa: S704
            }
            for each in task["help"]
        ],
    }  # fmt: skip


def _notified(told: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, str]:
    return {
        "who": staff.name(database.current(), told["login"]) or told["login"],
        "kind": word(NOTIFICATION, told["kind"]),
        "task": texts.get(told["task"], told["task"]),
        "at": told["at"].replace("T", " "),
    }


def _event(event: Mapping[str, Any], texts: Mapping[str, str]) -> dict[str, str]:
    session = database.current()
    return {
        "title": word(EVENT, event["kind"]),
        "name": texts.get(event["name"], event["name"]) or event["element"],
        "at": event["at"].replace("T", " "),
        "detail": " · ".join(
            filter(
                None,
                (
                    staff.name(session, event["actor"]) if event["actor"] else "",
                    event["outcome"],
                    event["measure"],
                ),
            )
        ),
    }
