"""The hold of outgoing mail: what waits, and an administrator's release."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from broker_crm.outreach import hold
from broker_crm.people.models import Role
from broker_crm.web import commands, database, times
from broker_crm.web.errors import Unreadable
from broker_crm.web.sign_in import person

blueprint = Blueprint("mail_hold", __name__)


@blueprint.get("/mail-hold")
def show() -> ResponseReturnValue:
    session = database.current()
    held = hold.open_hold(session)
    view: dict[str, object] = {"held": held is not None}
    if held is not None:
        waiting = hold.waiting(session, held)
        view |= {
            "reason": held.reason,
            "since": times.when(held.since),
            "copied": waiting.copied,
            "new": waiting.new,
            "may_release": Role.ADMINISTRATOR in person().roles,
        }
    return render_template("mail_hold.html", view=view)


@blueprint.post("/mail-hold/release")
def release() -> ResponseReturnValue:
    try:
        chosen = request.form.get("copied")
        copied = hold.Copied(chosen) if chosen else None
        with database.writing() as session:
            waited = hold.release_mail(session, copied, by=person().login)
    except (ValueError, hold.ChoiceNeeded) as error:
        raise Unreadable(_("Say what becomes of the letters from the backup.")) from error
    commands.ring()
    count = waited.new + (waited.copied if copied == hold.Copied.SEND else 0)
    text = ngettext(
        "Outgoing mail is released: %(num)s letter goes out.",
        "Outgoing mail is released: %(num)s letters go out.",
        count,
    )
    flash(text, "good")
    return redirect(url_for("letters.listing"), 303)
