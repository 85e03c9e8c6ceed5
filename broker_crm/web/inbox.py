"""The home page: my tasks, my group's queue, and for managers everybody's."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client
from broker_crm.definitions import published
from broker_crm.people.models import User
from broker_crm.process import inbox
from broker_crm.process.calendars import company_calendar
from broker_crm.process.inbox import Due, Filters, Scope, Sort
from broker_crm.process.models import UserTask
from broker_crm.process.rights import may_work_on
from broker_crm.web import cases, database, names, paging, saved_views, staff, times, trouble
from broker_crm.web.own_path import own_path
from broker_crm.web.sign_in import person
from broker_crm.web.wording import PAUSE_REASON, ROLES, word

Choice = TypeVar("Choice", bound=StrEnum)

blueprint = Blueprint("inbox", __name__)


@blueprint.get("/")
def tasks() -> ResponseReturnValue:
    session, user = database.current(), person()
    counted = counts(session, user)
    scope = _chosen(Scope, "scope") or _first(counted, user)
    sort = _chosen(Sort, "sort") or Sort.DUE
    filters = Filters(
        process_key=request.args.get("process") or None,
        step=request.args.get("step") or None,
        due=_chosen(Due, "due"),
        search=paging.search_text() or None,
    )
    cursor = request.args.get("cursor")
    page = inbox.tasks(session, user, scope, filters, sort=sort, limit=paging.PAGE, cursor=cursor)
    view = {
        "scope": scope,
        "greeting": _greeting(inbox.count_open(session, user)["overdue"]),
        "trouble": trouble.lines(session) if staff.leads(user) else [],
        "tabs": _tabs(scope, counted, user),
        "search": filters.search or "",
        "process": filters.process_key or "",
        "step": filters.step or "",
        "due": filters.due or "",
        "sort": sort,
        "processes": [
            (version.process_key, names.name(session, version.id, version.name))
            for version in published.latest_versions(session)
        ],
        "steps": _steps(session, user),
        "due_choices": [
            ("", _("Any time")),
            (Due.OVERDUE, _("Overdue")),
            (Due.TODAY, _("Today")),
            (Due.WEEK, _("Within seven days")),
        ],
        "sort_choices": [
            (Sort.DUE, _("Due date")),
            (Sort.NEWEST, _("Newest first")),
            (Sort.CLIENT, _("Client")),
            (Sort.STEP, _("Step")),
        ],
        "rows": rows(session, user, [item.task for item in page.items]),
        "filtered": any((filters.process_key, filters.step, filters.due, filters.search)),
        "later": bool(cursor),
        "first": paging.address(cursor=None),
        "next": paging.address(cursor=page.next) if page.next else None,
    }
    saved = saved_views.view(session, user, "inbox")
    return render_template("inbox.html", view=view, saved=saved)


def rows(session: Session, user: User, shown: list[UserTask]) -> list[dict[str, object]]:
    """Tasks as lines of the inbox."""
    calendar = company_calendar(session)
    ids = {task.client_id for task in shown if task.client_id is not None}
    clients: dict[int, str] = {}
    if ids:
        found = session.execute(select(Client.id, Client.name).where(Client.id.in_(ids)))
        clients = dict(found.all())
    return [
        {
            "id": task.id,
            "instance_id": task.instance_id,
            "name": names.name(session, task.version_id, task.name),
            "loop_number": task.loop_number,
            "paused": word(PAUSE_REASON, task.pause_reason) if task.pause_reason else "",
            "draft": task.draft is not None and task.assignee == user.login,
            "client": clients.get(task.client_id or 0),
            "process": cases.process_name(session, task.version_id),
            "due": times.due(task.due_at, calendar),
            "assignee": staff.name(session, task.assignee),
            "group": word(ROLES, task.candidate_group) if task.candidate_group else "",
            "may_claim": task.assignee is None and may_work_on(user, None, task.candidate_group),
            "may_release": task.assignee == user.login and task.candidate_group is not None,
        }
        for task in shown
    ]


def counts(session: Session, user: User) -> dict[str, int]:
    """Open tasks by tab."""
    counted = inbox.count_open(session, user)
    found = {"mine": counted["mine"], "group": counted["group"]}
    if staff.leads(user):
        found["all"] = inbox.tasks(session, user, Scope.ALL, limit=1).total
    return found


def changed_row(task_id: UUID, done: str) -> ResponseReturnValue:
    """Answer to taking or giving back: the new line for htmx, else the page it came from."""
    session, user = database.current(), person()
    if "HX-Request" not in request.headers:
        flash(done, "good")
        return redirect(own_path(request.form.get("next"), url_for("inbox.tasks")), 303)
    task = session.get_one(UserTask, task_id)
    line = render_template("inbox_row.html", row=rows(session, user, [task])[0])
    return line + render_template("counts.html", counts=counts(session, user))


def _tabs(scope: Scope, counted: dict[str, int], user: User) -> list[dict[str, object]]:
    named = {"mine": _("My tasks"), "group": _("Group queue"), "all": _("All tasks")}
    return [
        {
            "scope": key,
            "name": named[key],
            "count": count,
            "current": key == scope,
            "address": url_for("inbox.tasks", scope=key),
        }
        for key, count in counted.items()
    ]


def _first(counted: dict[str, int], user: User) -> Scope:
    """Managers without tasks of their own look at everybody's."""
    return Scope.ALL if staff.leads(user) and not counted["mine"] else Scope.MINE


def _steps(session: Session, user: User) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for version in published.latest_versions(session):
        texts = names.catalogue(session, version.id)
        for step, name in inbox.steps_in_use(session, user):
            found[step] = texts.get(name, found.get(step, name))
    return sorted(found.items(), key=lambda pair: pair[1])


def _greeting(overdue: int) -> str:
    if overdue:
        text: str = ngettext(
            "%(num)s of your tasks is overdue.", "%(num)s of your tasks are overdue.", overdue
        )
        return text
    return _("Nothing of yours is overdue.")


def _chosen(choices: type[Choice], name: str) -> Choice | None:
    given = request.args.get(name, "")
    return choices(given) if given in set(choices) else None
