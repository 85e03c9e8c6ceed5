"""The form of an insurer: a new one, and a change of what is known of it."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from broker_crm.crm import insurers
from broker_crm.crm.insurers import InsurerEntry
from broker_crm.crm.models import Insurer
from broker_crm.crm.stale_edits import ChangedMeanwhile, mark, refuse_stale
from broker_crm.definitions.forms import FormRejected
from broker_crm.web import database, stale_forms
from broker_crm.web.errors import NotFound
from broker_crm.web.register_forms import Sent, told
from broker_crm.web.sign_in import person
from broker_crm.web.wording import INSURER_FIELD, INSURER_KIND, word

LIMITS = {"name": 120, "licence": 120, "website": 200, "email": 200, "phone": 40, "notes": 4_000}

blueprint = Blueprint("insurer_editing", __name__)


@blueprint.get("/insurers/new")
def prepare() -> ResponseReturnValue:
    return _form(None, asdict(InsurerEntry("")))


@blueprint.post("/insurers/new")
def create() -> ResponseReturnValue:
    return _save(None)


@blueprint.get("/insurers/<int:insurer_id>/edit")
def edit(insurer_id: int) -> ResponseReturnValue:
    insurer = known(insurer_id)
    entry = insurers.entry_of(insurer)
    return _form(insurer, {**asdict(entry), "seen": mark(entry)})


@blueprint.post("/insurers/<int:insurer_id>/edit")
def change(insurer_id: int) -> ResponseReturnValue:
    known(insurer_id)
    return _save(insurer_id)


def known(insurer_id: int) -> Insurer:
    """The insurer of the address.

    Raises:
        NotFound: there is none.
    """
    insurer = database.current().get(Insurer, insurer_id)
    if insurer is None:
        raise NotFound
    return insurer


def _save(insurer_id: int | None) -> ResponseReturnValue:
    sent, user = Sent(), person()
    entry = InsurerEntry(
        **{name: sent.text(name, most) for name, most in LIMITS.items()},
        kind=sent.text("kind", 20),
        on_panel=request.form.get("on_panel") == "yes",
    )
    database.reread()
    try:
        sent.refuse_unread()
        with database.writing() as session:
            insurer = (
                session.get_one(Insurer, insurer_id, with_for_update=True) if insurer_id else None
            )
            if insurer is not None:
                refuse_stale(insurers.entry_of(insurer), request.form.get("seen"))
            saved = insurers.save(session, entry, by=user, insurer=insurer).id
    except FormRejected as refusal:
        database.reread()
        values = {**asdict(entry), "seen": request.form.get("seen")}
        return _form(known(insurer_id) if insurer_id else None, values, refusal), 422
    except ChangedMeanwhile:
        database.reread()
        return _stale(known(insurer_id or 0), entry), 409
    flash(_("The insurer is saved."), "good")
    return redirect(url_for("insurers.show", insurer_id=saved), 303)


def _stale(insurer: Insurer, written: InsurerEntry) -> str:
    now = insurers.entry_of(insurer)
    theirs = stale_forms.theirs(asdict(now), asdict(written), INSURER_FIELD)
    return _form(insurer, {**asdict(written), "seen": mark(now)}, theirs=theirs)


def _form(
    insurer: Insurer | None,
    values: dict[str, object],
    refusal: FormRejected | None = None,
    theirs: list[tuple[str, str]] | None = None,
) -> str:
    view = {
        "stale": theirs is not None,
        "theirs": theirs or [],
        "insurer": insurer,
        "values": values,
        "errors": told(refusal),
        "limits": LIMITS,
        "kinds": [(key, word(INSURER_KIND, key)) for key in INSURER_KIND],
    }
    return render_template("insurer_edit.html", view=view)
