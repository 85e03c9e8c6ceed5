"""Saved views: filters of any list under a name, used, shared, renamed and deleted on its page.

A page takes part by standing in `PAGES`, giving `view(…)` to its template as `saved`, and including
`saved_views.html`; its filters have to stand in its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from broker_crm.people import saved_views
from broker_crm.people.models import User
from broker_crm.people.saved_views import SavedView, Scope, ViewRefused
from broker_crm.web import access, database, staff
from broker_crm.web.errors import NotFound
from broker_crm.web.own_path import own_path
from broker_crm.web.sign_in import person
from broker_crm.web.wording import Words, word

PAGES: Mapping[str, str] = {"instances": "instances.listing", "inbox": "inbox.tasks"}
"""Lists whose views may be saved, and their endpoints."""
SCOPES: Words = {
    Scope.OWN: _l("only for me"),
    Scope.TEAM: _l("for my team"),
    Scope.EVERYBODY: _l("for everybody"),
}
REFUSALS: Words = {
    "no-name": _l("Give the view a name."),
    "name-taken": _l("You have another view of this name."),
    "nothing-chosen": _l("Choose a filter first, then save the view."),
    "too-long": _l("These filters are too long to be saved."),
    "too-many": _l("You have too many saved views here. Delete one first."),
    "no-team": _l("You belong to no team to share with."),
    "not-yours": _l("Only its owner may change this view, and managers share with everybody."),
}

blueprint = Blueprint("saved_views", __name__)


def view(session: Session, user: User, page: str) -> dict[str, Any]:
    """What the page shows of its saved views.

    Args:
        session: for reading.
        user: the visitor.
        page: a key of `PAGES`.
    """
    here = _tidy(request.query_string.decode(errors="replace"))
    found = saved_views.views_of(session, user, page)
    return {
        "page": page,
        "query": here,
        "views": [_row(session, user, each, here) for each in found],
        "scopes": [(scope, str(SCOPES[scope])) for scope in saved_views.scopes_for(user)],
        "longest": saved_views.LONGEST_NAME,
    }


@blueprint.post("/views")
def save() -> ResponseReturnValue:
    user, form = person(), request.form
    page, scope = _page(user, form.get("page", "")), form.get("scope", Scope.OWN)
    name, query = form.get("name", ""), form.get("query", "")
    try:
        with database.writing() as session:
            address = _address(saved_views.save(session, user, page, name, query, scope))
    except ViewRefused as refused:
        return _refuse(page, refused)
    flash(_("The view is saved."), "good")
    return redirect(address, 303)


@blueprint.post("/views/<int:view_id>/change")
def change(view_id: int) -> ResponseReturnValue:
    user, form = person(), request.form
    page, scope = _page(user, form.get("page", "")), form.get("scope", Scope.OWN)
    name = form.get("name", "")
    try:
        with database.writing() as session:
            kept = saved_views.change(session, user, view_id, name=name, scope=scope)
            address = _address(kept)
    except ViewRefused as refused:
        return _refuse(page, refused)
    flash(_("The view is changed."), "good")
    return redirect(address, 303)


@blueprint.post("/views/<int:view_id>/delete")
def delete(view_id: int) -> ResponseReturnValue:
    page = _page(person(), request.form.get("page", ""))
    try:
        with database.writing() as session:
            saved_views.delete(session, person(), view_id)
    except ViewRefused as refused:
        return _refuse(page, refused)
    flash(_("The view is deleted."), "good")
    return redirect(url_for(PAGES[page]), 303)


def _row(session: Session, user: User, each: SavedView, here: str) -> dict[str, Any]:
    mine = each.owner == user.login
    return {
        "id": each.id,
        "name": each.name,
        "address": _address(each),
        "current": each.query == here,
        "mine": mine,
        "scope": each.scope,
        "shared": each.scope != Scope.OWN,
        "of": "" if mine else staff.name(session, each.owner),
        "with": word(SCOPES, each.scope),
        "may_delete": saved_views.may_delete(user, each),
    }


def _address(each: SavedView) -> str:
    return f"{url_for(PAGES[each.page])}?{each.query}"


def _page(user: User, page: str) -> str:
    if page not in PAGES or not access.may_visit(user, PAGES[page]):
        raise NotFound
    return page


def _refuse(page: str, refused: ViewRefused) -> ResponseReturnValue:
    flash(word(REFUSALS, refused.code), "bad")
    return redirect(own_path(request.form.get("next"), url_for(PAGES[page])), 303)


def _tidy(query: str) -> str:
    try:
        return saved_views.tidy(query)
    except ViewRefused:
        return ""
