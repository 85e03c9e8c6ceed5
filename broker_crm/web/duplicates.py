"""Records that may be one client: the list, the decision, merging with a preview, undoing it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm import duplicates, merging, unmerging
from broker_crm.crm.merging import MergeRefused
from broker_crm.crm.models import Client, ClientGroup, ClientMerge
from broker_crm.process import Command, run_command
from broker_crm.web import client_card, database, money, staff, times
from broker_crm.web.client_records import known
from broker_crm.web.sign_in import person
from broker_crm.web.wording import CLIENT_FIELD, CLIENT_KIND, LIKENESS, MOVED, SECTOR, word

LATEST = 20
blueprint = Blueprint("duplicates", __name__)


@blueprint.get("/clients/duplicates")
def listing() -> ResponseReturnValue:
    session = database.current()
    merges = session.scalars(select(ClientMerge).order_by(ClientMerge.id.desc()).limit(LATEST))
    view = {
        "pairs": [pair_row(pair) for pair in duplicates.likely_pairs(session)],
        "merges": [_merge_row(session, entry) for entry in merges],
    }
    return render_template("duplicates.html", view=view)


@blueprint.post("/clients/duplicates/apart")
def tell_apart() -> ResponseReturnValue:
    first, second = (known(_number(name)) for name in ("first", "second"))
    ids, login = (first.id, second.id), person().login
    database.reread()
    if ids[0] != ids[1]:
        with database.writing() as session:
            duplicates.tell_apart(session, *ids, by=login)
    flash(_("It is remembered that these are two clients."), "good")
    return redirect(url_for("duplicates.listing"), 303)


@blueprint.get("/clients/<int:kept_id>/merge/<int:merged_id>")
def prepare(kept_id: int, merged_id: int) -> ResponseReturnValue:
    known(kept_id)
    known(merged_id)
    return _preview(kept_id, merged_id)


@blueprint.post("/clients/<int:kept_id>/merge/<int:merged_id>")
def merge(kept_id: int, merged_id: int) -> ResponseReturnValue:
    known(kept_id)
    known(merged_id)
    login, seen = person().login, request.form.get("seen")
    choices = {name: request.form.get(f"field-{name}", "") for name in merging.CHOSEN}
    chosen = {name: which for name, which in choices.items() if which in ("kept", "merged")}
    database.reread()

    def work(session: Session) -> int:
        return merging.merge(session, kept_id, merged_id, chosen, by=login, seen=seen).id

    try:
        run_command(database.factory(), work, Command("merge", None, actor=login))
    except MergeRefused as refusal:
        flash(why(refusal), "bad")
        if refusal.code == "changed":
            return redirect(request.path, 303)
        return redirect(url_for("duplicates.listing"), 303)
    flash(_("The records are one client now."), "good")
    return redirect(url_for("clients.show", client_id=kept_id), 303)


@blueprint.post("/clients/merges/<int:merge_id>/undo")
def undo(merge_id: int) -> ResponseReturnValue:
    login = person().login

    def work(session: Session) -> int:
        return unmerging.undo(session, merge_id, by=login).merged_id

    try:
        parted = run_command(database.factory(), work, Command("unmerge", None, actor=login))
    except MergeRefused as refusal:
        flash(why(refusal), "bad")
        return redirect(url_for("duplicates.listing"), 303)
    flash(_("The records are two clients again."), "good")
    return redirect(url_for("clients.show", client_id=parted), 303)


def why(refusal: MergeRefused) -> str:
    """The refusal in the visitor's language."""
    place = refusal.place
    return {
        "same": _("Choose two different clients."),
        "missing": _("One of the records is no longer there."),
        "merged": _("“%(name)s” was merged into another client already.", name=place),
        "erased": _("The data of “%(name)s” was erased; it can't be merged or parted.", name=place),
        "changed": _("Somebody changed one of the records meanwhile. Look again, and then merge."),
        "undone": _("This merge was taken back already."),
        "renewed": _(
            "The renewal of policy %(number)s has begun since. End it first; then the records can "
            "be parted.",
            number=place,
        ),
        "codeTaken": _(
            "“%(name)s” has the code of the duplicate by now. Mend the code there first.",
            name=place,
        ),
        "mergedOn": _(
            "The client was merged into “%(name)s” since. Take that merge back first.", name=place
        ),
    }[refusal.code]


def pair_row(pair: duplicates.Pair) -> dict[str, object]:
    """A pair as the lists show it; the older record is proposed to be kept."""
    return {
        "first": _side(pair.first),
        "second": _side(pair.second),
        "reasons": [word(LIKENESS, reason) for reason in pair.reasons],
        "sure": pair.weight >= duplicates.WEIGHT["company-name"],
    }


def _side(client: Client) -> dict[str, object]:
    detail = (client.code, client.email, client_card.phone(client.phone), client.region)
    return {
        "id": client.id,
        "name": client.name,
        "kind": client_card.kind(client),
        "detail": " · ".join(filter(None, detail)),
    }


def _merge_row(session: Session, entry: ClientMerge) -> dict[str, object]:
    merged, kept = (session.get_one(Client, key) for key in (entry.merged_id, entry.kept_id))
    refusal = unmerging.prevented(session, entry)
    return {
        "id": entry.id,
        "kept_id": kept.id,
        "kept": kept.name,
        "merged": merged.name,
        "by": staff.name(session, entry.by),
        "when": times.when(entry.at),
        "undone": times.when(entry.undone_at) if entry.undone_at else None,
        "prevented": why(refusal) if refusal and entry.undone_at is None else None,
    }


def _preview(kept_id: int, merged_id: int) -> ResponseReturnValue:
    session = database.current()
    try:
        found = merging.preview(session, kept_id, merged_id)
    except MergeRefused as refusal:
        flash(why(refusal), "bad")
        return redirect(url_for("duplicates.listing"), 303)
    view = {
        "kept": _side(found.kept),
        "merged": _side(found.merged),
        "codes_differ": bool(
            found.kept.code and found.merged.code and found.kept.code != found.merged.code
        ),
        "choices": [
            {
                "name": each.name,
                "label": word(CLIENT_FIELD, each.name),
                "kept": _shown(session, each.name, each.kept),
                "merged": _shown(session, each.name, each.merged),
                "proposed": each.proposed,
            }
            for each in found.choices
        ],
        "moves": [
            (word(MOVED, table), money.number(count)) for table, count in found.moves.items()
        ],
        "withdraws": found.withdraws,
        "stops": found.kept.do_not_contact != found.merged.do_not_contact,
        "seen": found.mark,
    }
    return render_template("merge.html", view=view)


def _shown(session: Session, name: str, value: object) -> str:
    if value in (None, ""):
        return "–"
    if name in ("owner", "deputy"):
        return staff.name(session, str(value))
    if name == "kind":
        return word(CLIENT_KIND, str(value))
    if name == "sector":
        return word(SECTOR, str(value))
    if name == "phone":
        return client_card.phone(str(value))
    if name == "group_id":
        return session.get_one(ClientGroup, value).name
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def _number(name: str) -> int:
    found = request.form.get(name, "")
    return int(found) if found.isascii() and found.isdigit() and len(found) < 10 else 0
