"""The client that an address names, for those who may see it, and the way back to its page."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from broker_crm.crm import clients
from broker_crm.crm.models import Client
from broker_crm.definitions.forms import FormRejected
from broker_crm.web import database
from broker_crm.web.errors import NotFound
from broker_crm.web.register_forms import told
from broker_crm.web.sign_in import person


def known(client_id: int) -> Client:
    """The client, to be read.

    Raises:
        NotFound: no such client, or none that this person may see.
    """
    return _visible(database.current(), client_id, lock=False)


def to_change(session: Session, client_id: int) -> Client:
    """The client under a lock, as it stands by itself: neither merged nor erased.

    Raises:
        NotFound: no such client, or none that this person may see.
    """
    client = _visible(session, client_id, lock=True)
    if client.merged_into is not None or client.erased_at is not None:
        raise NotFound
    return client


def back(client_id: int, anchor: str, done: str | None = None) -> ResponseReturnValue:
    """To the client's page, at the part that was worked on."""
    if done is not None:
        flash(done, "good")
    return redirect(url_for("clients.show", client_id=client_id, _anchor=anchor), 303)


def refused(client_id: int, anchor: str, refusal: FormRejected) -> ResponseReturnValue:
    """To the client's page, which says what was wrong."""
    for sentences in told(refusal).values():
        for sentence in sentences:
            flash(sentence, "bad")
    return back(client_id, anchor)


def _visible(session: Session, client_id: int, *, lock: bool) -> Client:
    client = session.get(Client, client_id, with_for_update=lock or None, populate_existing=lock)
    if client is None or not clients.may_see_client(session, person(), client):
        raise NotFound
    return client
