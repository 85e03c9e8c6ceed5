"""Steering of many tasks: the list, the preview, the order and what came of it."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions import published
from broker_crm.people.models import Team
from broker_crm.process import inbox, steering
from broker_crm.process.steering import RowState, SteeringBatch, SteeringRow
from broker_crm.process.steering.listing import NOBODY, Wanted, open_tasks
from broker_crm.web import commands, database, names, paging, staff, times
from broker_crm.web.errors import NotFound
from broker_crm.web.inbox import rows as inbox_rows
from broker_crm.web.own_path import own_path
from broker_crm.web.sign_in import person
from broker_crm.web.steering import order_page, reading
from broker_crm.web.wording import PAUSE_REASON, word

LATEST = 10
"""Orders that the page lists."""

blueprint = Blueprint("steering", __name__, url_prefix="/steering")


@blueprint.get("")
def listing() -> ResponseReturnValue:
    session, user = database.current(), person()
    wanted = Wanted(
        assignee=request.args.get("person") or None,
        team=request.args.get("team") or None,
        process_key=request.args.get("process") or None,
        step=request.args.get("step") or None,
        late=request.args.get("state") == "late",
        paused=request.args.get("state") == "paused",
        search=paging.search_text() or None,
    )
    start = paging.offset()
    found = open_tasks(session, user, wanted, limit=paging.PAGE + 1, offset=start)
    shown = list(found[: paging.PAGE])
    people = [(each.login, each.name) for each in staff.with_role(session, None)]
    view = {
        "wanted": wanted,
        "people": people,
        "nobody": NOBODY,
        "teams": [(team.key, team.name) for team in session.scalars(select(Team))],
        "processes": [
            (version.process_key, names.name(session, version.id, version.name))
            for version in published.latest_versions(session)
        ],
        "steps": inbox.steps_in_use(session, user),
        "state": request.args.get("state", ""),
        "reasons": [(key, word(PAUSE_REASON, key)) for key in PAUSE_REASON],
        "today": times.today().isoformat(),
        "rows": inbox_rows(session, user, shown),
        "orders": _latest(session),
        **paging.pages(start, len(found) > paging.PAGE),
    }
    return render_template("steering/listing.html", view=view)


@blueprint.post("/preview")
def preview() -> ResponseReturnValue:
    session = database.current()
    chosen = reading.subjects(session)
    order = reading.order(session, chosen)
    database.reread()
    found = steering.preview(database.factory(), chosen, order_page.looked_at(order))
    session = database.current()
    view = {
        "key": uuid4(),
        "order": order_page.ordered(session, order.action, order.arguments),
        "action": order.action,
        "reason": order.reason,
        "needs_reason": order.action not in order_page.WITHOUT_REASON,
        "fields": [
            (name, text)
            for name, text in request.form.items()
            if name in ("person", "days", "day", "why", "step", "variable", "value", "next")
        ],
        "rows": [order_page.foreseen(session, each) for each in found],
        "fits": sum(each.error is None for each in found),
        "skipped": order_page.skipped(session, found),
        "back": own_path(request.form.get("next"), url_for("steering.listing")),
    }
    return render_template("steering/preview.html", view=view)


@blueprint.post("/orders")
def give() -> ResponseReturnValue:
    session, key = database.current(), reading.key()
    if session.get(SteeringBatch, key) is None:
        chosen = reading.subjects(session)
        order = reading.order(session, chosen)
        database.reread()
        steering.give_order(database.factory(), key, chosen, order)
        commands.ring()
    else:
        flash(_("This was ordered before; nothing was done twice."), "info")
    database.reread()
    address = url_for("steering.show", batch_id=key)
    back = own_path(request.form.get("next"), "")
    if not back:
        return redirect(address, 303)
    _tell(key, address)
    return redirect(back, 303)


@blueprint.get("/orders/<uuid:batch_id>")
def show(batch_id: UUID) -> ResponseReturnValue:
    session = database.current()
    batch = session.get(SteeringBatch, batch_id)
    if batch is None:
        raise NotFound
    return render_template("steering/order.html", view=order_page.view(session, person(), batch))


@blueprint.post("/orders/<uuid:batch_id>/go-on")
def go_on(batch_id: UUID) -> ResponseReturnValue:
    steering.carry_out(database.factory(), batch_id, by=person().login)
    commands.ring()
    return redirect(url_for("steering.show", batch_id=batch_id), 303)


@blueprint.post("/orders/<uuid:batch_id>/undo")
def undo(batch_id: UUID) -> ResponseReturnValue:
    done = steering.undo_order(database.factory(), batch_id, by=person().login)
    commands.ring()
    if not done:
        flash(_("There is nothing left to take back."), "info")
    return redirect(url_for("steering.show", batch_id=batch_id), 303)


def _latest(session: Session) -> list[dict[str, object]]:
    newest = select(SteeringBatch).order_by(SteeringBatch.created_at.desc()).limit(LATEST)
    return [
        {
            "id": batch.id,
            "what": order_page.ordered(session, batch.action, batch.arguments),
            "reason": batch.reason,
            "who": staff.name(session, batch.created_by),
            "when": times.how_long_ago(batch.created_at),
            "undone": batch.undone_at is not None,
        }
        for batch in session.scalars(newest)
    ]


def _tell(key: UUID, address: str) -> None:
    """What came of an order for one case, told on the page where it was given."""
    session = database.current()
    rows = session.scalars(
        select(SteeringRow).where(SteeringRow.batch_id == key).order_by(SteeringRow.place)
    ).all()
    for row in rows:
        done = row.state == RowState.DONE
        text = order_page.became(session, row)
        link = Markup('<a href="{}">{}</a>').format(address, _("See it, or take it back"))
        flash(
            Markup("<span>{} {} {}</span>").format(
                _("Done:") if done else _("Not done:"), text, link
            ),
            "good" if done else "bad",
        )
