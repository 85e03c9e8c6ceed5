"""The links in campaign letters: asking to be contacted, and unsubscribing; without a login.

Opening a link only shows a page with a button: mail scanners that follow links change nothing.
"""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from broker_crm.crm import campaigns
from broker_crm.process import run_command
from broker_crm.process.transactions import Command
from broker_crm.web import commands, database

LONGEST = 64
ANSWERS = {"contact": campaigns.answered, "unsubscribe": campaigns.unsubscribed}

blueprint = Blueprint("offers", __name__)


@blueprint.get("/offers/<token>")
def show(token: str) -> ResponseReturnValue:
    return render_template("offer_link.html", token=token[:LONGEST], step="contact")


@blueprint.get("/offers/<token>/unsubscribe")
def leave(token: str) -> ResponseReturnValue:
    return render_template("offer_link.html", token=token[:LONGEST], step="unsubscribe")


@blueprint.post("/offers/<token>/<step>")
def answer(token: str, step: str) -> ResponseReturnValue:
    handle = ANSWERS.get(step)
    if handle is None or len(token) > LONGEST:
        return render_template("offer_link.html", token="", step="unknown"), 404

    def work(session: Session) -> bool:
        return handle(session, token)

    known = run_command(database.factory(), work, Command("send-message", None))
    commands.ring()
    done = f"{step}-done" if known else "unknown"
    return render_template("offer_link.html", token="", step=done), 200 if known else 404
