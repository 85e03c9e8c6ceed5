"""Running cases moved to another version: rehearse, look, choose, move, take back."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions.models import ProcessVersion
from broker_crm.process import migration as moving
from broker_crm.process.errors import VersionNotOfProcess
from broker_crm.process.migration.counting import states
from broker_crm.process.migration.models import ItemState, Migration, MigrationItem, Phase
from broker_crm.process.migration.ordering import NothingChosen
from broker_crm.process.models import ProcessInstance
from broker_crm.web import commands, database, names, paging, staff, times
from broker_crm.web.errors import NotFound, Unreadable
from broker_crm.web.sign_in import person
from broker_crm.web.versions.words import ITEM, PHASE, PROPERTY, obstacle
from broker_crm.web.wording import word

TONES = {
    ItemState.FITS: "good",
    ItemState.MOVED: "good",
    ItemState.STAYS: "late",
    ItemState.KEPT: "late",
}
FIRST_LOOK = 40
"""Cases that are rehearsed before the page is shown; a worker does the rest."""

blueprint = Blueprint("migrations", __name__)


@blueprint.post("/design/migrations")
def begin() -> ResponseReturnValue:
    before, after = _number("before"), _number("after")
    note = request.form.get("note", "")
    database.reread()
    try:
        with database.writing() as session:
            made = moving.begin(session, before, after, by=person().login, note=note).id
    except VersionNotOfProcess as error:
        raise Unreadable(_("Choose two versions of the same process.")) from error
    _first_look(made)
    return redirect(url_for("migrations.show", migration_id=made), 303)


@blueprint.get("/design/migrations/<uuid:migration_id>")
def show(migration_id: UUID) -> ResponseReturnValue:
    session = database.current()
    migration = session.get(Migration, migration_id)
    if migration is None:
        raise NotFound
    return render_template("versions/migration.html", view=_view(session, migration))


@blueprint.post("/design/migrations/<uuid:migration_id>/<any(move, undo, give_up):order>")
def order(migration_id: UUID, order: str) -> ResponseReturnValue:
    by = person().login
    only = _chosen() if order == "move" and request.form.get("which") == "some" else None
    database.reread()
    try:
        with database.writing() as session:
            if order == "move":
                count = moving.choose(session, migration_id, by=by, only=only)
                told = ngettext(
                    "%(num)s case is being moved.", "%(num)s cases are being moved.", count
                )
            elif order == "undo":
                count = moving.undo(session, migration_id, by=by)
                told = ngettext(
                    "%(num)s case is being taken back.",
                    "%(num)s cases are being taken back.",
                    count,
                )
            else:
                moving.give_up(session, migration_id, by=by)
                told = _("Nothing was moved.")
        flash(told, "good")
    except moving.MigrationNotFound as error:
        raise NotFound from error
    except moving.NotInThisPhase:
        flash(_("Somebody was faster: this is how the migration stands now."), "bad")
    except NothingChosen:
        flash(_("Choose at least one case that can be moved."), "bad")
    _first_look(migration_id)
    return redirect(url_for("migrations.show", migration_id=migration_id), 303)


def _first_look(migration_id: UUID) -> None:
    done = 0

    def enough() -> bool:
        nonlocal done
        done += 1
        return done > FIRST_LOOK

    moving.carry_on(database.factory(), enough, only=migration_id)
    database.reread()
    commands.ring()


def _view(session: Session, migration: Migration) -> dict[str, object]:
    before = session.get_one(ProcessVersion, migration.from_version_id)
    after = session.get_one(ProcessVersion, migration.to_version_id)
    counted = states(session, migration.id)
    start = paging.offset()
    state = request.args.get("state", "")
    wanted = (
        select(MigrationItem, ProcessInstance)
        .join(ProcessInstance, ProcessInstance.id == MigrationItem.instance_id)
        .where(MigrationItem.migration_id == migration.id)
        .order_by(MigrationItem.state, ProcessInstance.started_at, MigrationItem.instance_id)
    )
    if state in set(ItemState):
        wanted = wanted.where(MigrationItem.state == state)
    found = session.execute(wanted.offset(start).limit(paging.PAGE + 1)).all()
    phase = Phase(migration.phase)
    return {
        "id": migration.id,
        "key": migration.process_key,
        "name": names.name(session, after.id, after.name),
        "before": before.number,
        "after": after.number,
        "phase": word(PHASE, phase),
        "busy": phase in (Phase.REHEARSING, Phase.MOVING, Phase.UNDOING),
        "may_move": phase is Phase.REHEARSED and bool(counted.get(ItemState.FITS)),
        "may_give_up": phase in (Phase.REHEARSING, Phase.REHEARSED),
        "may_undo": phase is Phase.MOVED and bool(counted.get(ItemState.MOVED)),
        "note": migration.note,
        "who": staff.name(session, migration.ordered_by or migration.created_by),
        "when": times.when(migration.ordered_at or migration.created_at),
        "fits": counted.get(ItemState.FITS, 0),
        "counts": [
            {"state": each, "name": word(ITEM, each), "count": counted[each]}
            for each in ItemState
            if each in counted
        ],
        "state": state,
        "reasons": _reasons(session, migration, before.id),
        "rows": [
            _row(session, item, instance, after.id) for item, instance in found[: paging.PAGE]
        ],
        **paging.pages(start, len(found) > paging.PAGE),
    }


def _row(
    session: Session, item: MigrationItem, instance: ProcessInstance, version_id: int
) -> dict[str, object]:
    return {
        "id": instance.id,
        "title": instance.title,
        "owner": staff.name(session, instance.owner),
        "state": word(ITEM, item.state),
        "tone": TONES.get(ItemState(item.state), "info"),
        "fits": item.state == ItemState.FITS,
        "why": _why(session, item, version_id),
        "changes": [_change(session, each, version_id) for each in item.changes or ()],
    }


def _why(session: Session, item: MigrationItem, version_id: int) -> list[str]:
    if item.reason is None:
        return []
    told = [
        obstacle(
            names.name(session, version_id, each["name"] or each["element"]),
            each["why"],
            each["source"],
        )
        for each in item.reason["obstacles"]
    ]
    plain = {
        "instance-ended": _("The case has ended."),
        "elsewhere": _("It was moved to another version in the meantime."),
        "not-allowed": _("Who ordered it may not move cases any more."),
    }
    return told or [plain.get(item.reason["code"], item.reason["text"])]


def _change(session: Session, change: dict[str, Any], version_id: int) -> str:
    name = names.name(session, version_id, str(change["name"] or change["element"]))
    before, after = change["before"], change["after"]
    if change["what"] == "timer":
        if before is None:
            return _("A timer is added: %(name)s", name=name)
        if after is None:
            return _("A timer goes: %(name)s", name=name)
        return _("A timer is due at another moment: %(name)s", name=name)
    if change["what"] == "wait":
        told = (
            _("It waits for more: %(name)s") if before is None else _("It waits no more: %(name)s")
        )
        return told % {"name": name}
    different = ", ".join(str(word(PROPERTY, key)) for key in (before or {}))
    who = staff.name(session, str(change["assignee"])) if change["assignee"] else ""
    return f"{name}: {different}" + (f" ({who})" if who else "")


def _reasons(session: Session, migration: Migration, version_id: int) -> list[tuple[str, int]]:
    """Why cases stay, most frequent first."""
    left = select(MigrationItem).where(
        MigrationItem.migration_id == migration.id, MigrationItem.reason.is_not(None)
    )
    counted: Counter[str] = Counter()
    for item in session.scalars(left):
        counted.update(_why(session, item, version_id))
    return counted.most_common()


def _number(field: str) -> int:
    text = request.form.get(field, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Unreadable(_("Choose two versions of the same process."))
    return int(text)


def _chosen() -> list[UUID]:
    try:
        return [UUID(text) for text in request.form.getlist("case")]
    except ValueError as error:
        raise Unreadable(_("A case can't be recognised. Reload the page.")) from error
