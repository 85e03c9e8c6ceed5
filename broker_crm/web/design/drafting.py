"""What the editors send: text to keep, to check, to preview; drafts given up, renamed, deleted."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

from flask import flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from broker_crm import clock
from broker_crm.definitions.checking import check as lint
from broker_crm.definitions.findings import Finding
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.places import FileKey
from broker_crm.definitions.workspace import drafts, files
from broker_crm.definitions.workspace.acceptance import check_acceptable
from broker_crm.definitions.workspace.errors import (
    ChangedMeanwhile,
    FileUnacceptable,
    WorkspaceError,
)
from broker_crm.definitions.workspace.starting import started
from broker_crm.outreach.merge import merge_context
from broker_crm.outreach.texts import shown_text
from broker_crm.process.models import ProcessInstance
from broker_crm.process.rights import may_see_instance
from broker_crm.process.variables import instance_variables
from broker_crm.web import database, safe_text, times
from broker_crm.web.design import words
from broker_crm.web.design.blueprint import FILE, WAIT, blueprint, key_from
from broker_crm.web.errors import NotFound, Unreadable
from broker_crm.web.sign_in import person

SHOWN = 300
"""Findings at most."""
GAP = re.compile("\ue000(.*?)\ue001", re.DOTALL)


@blueprint.post(f"{FILE}/save")
def save(kind: str, name: str) -> ResponseReturnValue:
    """Keep the editor's text as the draft."""
    key, (content, seen), login = key_from(kind, name), _sent(), person().login
    database.reread()
    try:
        with database.writing() as session:
            now_seen = drafts.save(session, key, content, seen=seen, by=login)
    except WorkspaceError as error:
        status = 409 if isinstance(error, ChangedMeanwhile) else 422
        return jsonify(code=type(error).__name__, message=_told(error)), status
    message = _("Draft saved %(time)s", time=times.hour(clock.now()))
    return jsonify(seen=now_seen, message=message)


@blueprint.post(f"{FILE}/check")
def check(kind: str, name: str) -> ResponseReturnValue:
    """Findings on the workspace with the editor's text in it; nothing is kept."""
    key, (content, _seen) = key_from(kind, name), _sent()
    contents = files.workspace_files(database.current())
    database.reread()
    try:
        check_acceptable(key, content)
    except FileUnacceptable as error:
        found: list[Finding] = error.findings
    else:
        found = lint({**contents, key: content}, wait=WAIT)
    places = words.addresses(contents)
    return jsonify(findings=[words.finding(each, places) for each in found[:SHOWN]])


@blueprint.post(f"{FILE}/copy")
def copy(kind: str, name: str) -> ResponseReturnValue:
    """Keep one's own text under a name of its own."""
    key, (content, _seen), login = key_from(kind, name), _sent(), person().login
    database.reread()
    try:
        with database.writing() as session:
            target = drafts.keep_as_copy(session, key, content, by=login)
    except WorkspaceError as error:
        return jsonify(code=type(error).__name__, message=_told(error)), 422
    return jsonify(location=_address(target))


@blueprint.post(f"{FILE}/preview")
def preview(kind: str, name: str) -> ResponseReturnValue:
    """A letter or script with the data of a case; fields without a value are marked."""
    key, (content, _seen) = key_from(kind, name), _sent()
    if key[0] not in (ResourceKind.LETTER, ResourceKind.SCRIPT):
        raise NotFound
    session, body = database.current(), request.get_json()
    language = name.rpartition(".")[2]
    context: dict[str, object] = {}
    instance = _instance(body.get("client"))
    if instance is not None and may_see_instance(session, person(), instance.id):
        variables = instance_variables(session, instance.id)
        context = merge_context(session, instance, variables, language)
    text = shown_text(content.decode(errors="replace"), language, context, _gap)
    subject = Markup("<p><b>%s</b></p>") % text.subject if text.subject else Markup()
    html = GAP.sub(
        lambda gap: f'<mark class="missing">{gap[1]}</mark>',
        str(subject + safe_text.html(text.markdown)),
    )
    return jsonify(html=html)


@blueprint.post(f"{FILE}/discard")
def discard(kind: str, name: str) -> ResponseReturnValue:
    key = key_from(kind, name)

    def give_up(seen: str | None, _login: str) -> FileKey | None:
        with database.writing() as session:
            drafts.discard(session, key, seen=seen)
            return key if files.content_of(session, key) is not None else None

    return _changing(key, give_up, _("The draft was discarded."))


@blueprint.post(f"{FILE}/delete")
def delete(kind: str, name: str) -> ResponseReturnValue:
    key = key_from(kind, name)

    def remove(seen: str | None, login: str) -> None:
        with database.writing() as session:
            drafts.delete(session, key, seen=seen, by=login)

    return _changing(key, remove, _("The file is deleted; a published one goes when you publish."))


@blueprint.post(f"{FILE}/rename")
def rename(kind: str, name: str) -> ResponseReturnValue:
    key, wanted = key_from(kind, name), request.form.get("to", "").strip()

    def give_name(seen: str | None, login: str) -> FileKey:
        with database.writing() as session:
            return drafts.rename(session, key, wanted, seen=seen, by=login)

    return _changing(key, give_name, _("The file has its new name."))


@blueprint.post(f"{FILE}/keep")
def keep(kind: str, name: str) -> ResponseReturnValue:
    """The draft takes into account what was published meanwhile."""
    key = key_from(kind, name)

    def keep_mine(seen: str | None, login: str) -> FileKey:
        with database.writing() as session:
            drafts.keep_mine(session, key, seen=seen, by=login)
        return key

    return _changing(key, keep_mine, _("The draft now stands on what is published."))


@blueprint.post("/new")
def create() -> ResponseReturnValue:
    """An empty file of a kind."""
    try:
        kind = ResourceKind(request.form.get("kind", ""))
    except ValueError as error:
        raise Unreadable(_("Choose what to make.")) from error
    title, login = request.form.get("title", "").strip()[:120], person().login
    database.reread()
    try:
        key, content = started(kind, title, request.form.get("language", "lt"))
        with database.writing() as session:
            drafts.create(session, key, content, by=login)
    except WorkspaceError as error:
        flash(_told(error), "bad")
        return redirect(url_for("design.listing"), 303)
    return redirect(_address(key), 303)


def _changing(
    key: FileKey, change: Callable[[str | None, str], FileKey | None], done: str
) -> ResponseReturnValue:
    seen, login = request.form.get("seen") or None, person().login
    database.reread()
    try:
        target = change(seen, login)
    except WorkspaceError as error:
        flash(_told(error), "bad")
        return redirect(_address(key), 303)
    flash(done, "good")
    return redirect(_address(target) if target else url_for("design.listing"), 303)


def _told(error: WorkspaceError) -> str:
    return words.told(database.current(), error)


def _address(key: FileKey) -> str:
    return url_for("design.show", kind=key[0].value, name=key[1])


def _sent() -> tuple[bytes, str | None]:
    body = request.get_json(silent=True)
    content = body.get("content") if isinstance(body, dict) else None
    seen = body.get("seen") if isinstance(body, dict) else None
    if not isinstance(content, str) or not (seen is None or isinstance(seen, str)):
        raise Unreadable(_("The editor's text is missing. Reload the page."))
    try:
        return content.encode(), seen
    except UnicodeEncodeError as error:
        raise Unreadable(_("The text has characters that are no text.")) from error


def _instance(identifier: object) -> ProcessInstance | None:
    try:
        return database.current().get(ProcessInstance, UUID(str(identifier)))
    except ValueError:
        return None


def _gap(field: str) -> str:
    return f"\ue000{field}\ue001"
