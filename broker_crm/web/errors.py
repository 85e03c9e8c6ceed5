"""Errors in one place: each named error becomes a page, or JSON where the caller reads JSON."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote
from uuid import UUID

import orjson
from flask import Flask, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from broker_crm.crm.cases import CaseRejected
from broker_crm.db import UNAVAILABLE
from broker_crm.definitions.checking import StillChecking
from broker_crm.definitions.forms import FormRejected
from broker_crm.definitions.published import NotPublished, VersionDamaged
from broker_crm.outreach.resending import LetterNotWaiting
from broker_crm.process import errors as refusals
from broker_crm.process.steering.batches import told
from broker_crm.web import database, form_messages, staff, times
from broker_crm.web.steering import refusals as steering_refusals

log = logging.getLogger(__name__)
RETRY_AFTER = 5
"""Seconds after which it is worth asking again when the database was not there or was busy."""


class NotSignedIn(Exception):
    """The address needs a person, and there is none (any more)."""


class NotPermitted(Exception):
    """This person's roles do not allow the address."""


class NotFound(Exception):
    """No such record, or none that this person may see: the answer is the same."""


class Unreadable(Exception):
    """The request can't be read.

    Args:
        message: for people, translated.
    """


@dataclass(frozen=True, slots=True)
class Answer:
    """An error as it is told: status, stable code, sentence, and messages by field."""

    status: int
    code: str
    title: str
    message: str
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    incident: UUID | None = None


def answer_for(error: Exception) -> Answer:
    """The answer to any error that a view lets through."""
    if isinstance(error, CaseRejected):
        errors = form_messages.in_language(error.errors)
        return Answer(422, error.code, _("Some fields are wrong"), _("Mend the fields."), errors)
    if isinstance(error, refusals.CommandRefused):
        return _refused(error)
    if isinstance(error, FormRejected):
        return Answer(
            422,
            refusals.SubmissionRejected.code,
            _("Some fields are wrong"),
            _("Mend the marked fields. What you typed is kept."),
            form_messages.in_language(error.errors),
        )
    if isinstance(error, refusals.ProcessStopped):
        message = _(
            "The process stopped, and nothing of this step was saved but your draft. "
            "A manager sees the incident and can let it go on. What failed: %(reason)s",
            reason=error.reason,
        )
        return Answer(
            409, error.code, _("The process stopped"), message, incident=error.incident_id
        )
    if isinstance(error, NotSignedIn):
        return Answer(
            401,
            "not-signed-in",
            _("You are not logged in"),
            _("Your session has ended. Log in in another tab and come back: nothing is lost."),
        )
    if isinstance(error, NotPermitted):
        return Answer(403, "not-permitted", _("Not permitted"), _("Your role may not do this."))
    if isinstance(error, CSRFError):
        return Answer(
            400,
            "csrf",
            _("The page is out of date"),
            _("Reload the page and try again: its protection has expired."),
        )
    if isinstance(error, VersionDamaged):
        message = _("The published files of this process were changed. Tell the administrator.")
        return Answer(500, "version-damaged", _("The process stopped"), message)
    if isinstance(error, (NotFound, NotPublished)):
        return _not_found()
    if isinstance(error, StillChecking):
        message = _("The check takes longer than usual. Wait a moment and try again.")
        return Answer(503, "checking", _("Not available now"), message)
    if isinstance(error, Unreadable):
        return Answer(400, "unreadable", _("The request can't be read"), str(error))
    if isinstance(error, DataError) and "NUL" in str(error.orig):
        message = _("There is a character in it that can't be kept.")
        return Answer(400, "unreadable", _("The request can't be read"), message)
    if isinstance(error, HTTPException):
        return _http(error)
    if isinstance(error, UNAVAILABLE):
        message = _("The database does not answer. Wait a moment, look what was saved, try again.")
        return Answer(503, "unavailable", _("Not available now"), message)
    return Answer(
        500,
        "internal",
        _("Something went wrong"),
        _("This is our mistake. Nothing was changed; it has been written down."),
    )


def _refused(error: refusals.CommandRefused) -> Answer:
    code = error.code
    if isinstance(error, (refusals.TaskNotFound, refusals.InstanceNotFound)):
        return _not_found(code)
    if isinstance(error, refusals.TaskAlreadyCompleted):
        message = _(
            "%(name)s already completed this step on %(time)s. Your input was not used; it stays "
            "here as you see it.",
            name=staff.name(database.current(), error.by) or _("Somebody"),
            time=times.when(error.at),
        )
        return Answer(409, code, _("Already completed"), message)
    if isinstance(error, refusals.TaskNoLongerOpen):
        message = _("This step is no longer needed: the process went another way.")
        return Answer(409, code, _("No longer open"), message)
    if isinstance(error, refusals.TaskTaken):
        message = _("%(name)s has taken this task.", name=staff.name(database.current(), error.by))
        return Answer(409, code, _("The task is taken"), message)
    if isinstance(error, refusals.InstanceEnded):
        return Answer(409, code, _("The process has ended"), _("This case is over."))
    if isinstance(error, refusals.CannotMigrate):
        message = _(
            "The other version has no place for it: %(why)s",
            why=" ".join(map(str, error.obstacles)),
        )
        return Answer(409, code, _("The case can't be moved"), message)
    if isinstance(error, refusals.Outrun):
        message = _("The case was changed at the same moment. Try again.")
        return Answer(409, code, _("Try again"), message)
    if isinstance(error, refusals.KeyUsedOtherwise):
        message = _("This request was already used for another start. Open the page anew.")
        return Answer(409, code, _("Already used"), message)
    if isinstance(error, refusals.IncidentNotOpen):
        message = _("Somebody has already dealt with this incident.")
        return Answer(409, code, _("Already resolved"), message)
    if isinstance(error, refusals.SubmissionRejected):
        return Answer(
            422,
            code,
            _("Some fields are wrong"),
            _("Mend the marked fields. What you typed is kept."),
            form_messages.in_language(error.errors),
        )
    if isinstance(error, refusals.FourEyes):
        message = _("Who prepared it may not approve it. Another colleague has to.")
        return Answer(403, code, _("Not permitted"), message)
    if isinstance(error, refusals.NotInGroup):
        message = _("%(name)s does not belong to the task's group.", name=error.name)
        return Answer(403, code, _("Not permitted"), message)
    if isinstance(error, refusals.NoQueue):
        message = _("The task belongs to no group. Hand it over to a colleague instead.")
        return Answer(403, code, _("Not permitted"), message)
    if isinstance(error, LetterNotWaiting):
        message = _("This letter is on its way or has been sent.")
        return Answer(409, code, _("Not accepted"), message)
    if isinstance(error, refusals.NotAllowed):
        return Answer(403, code, _("Not permitted"), _("This task is not yours to do."))
    if steering_refusals.knows(code):
        return Answer(409, code, _("Not accepted"), steering_refusals.sentence(told(error)))
    return Answer(409, code, _("Not accepted"), str(error))


def _not_found(code: str = "not-found") -> Answer:
    message = _("There is no such record, or it does not concern you.")
    return Answer(404, code, _("Not found"), message)


def _http(error: HTTPException) -> Answer:
    status = error.code or 500
    if status == 404:
        return _not_found()
    if status == 405:
        return Answer(405, "method", _("Not permitted"), _("This address is not called this way."))
    if status == 413:
        return Answer(413, "too-large", _("Too large"), _("What was sent is too large."))
    return Answer(status, "unreadable", _("The request can't be read"), _("Go back and try again."))


def set_up(app: Flask) -> None:
    app.register_error_handler(Exception, _handle)


def _handle(error: Exception) -> ResponseReturnValue:
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return error
    if isinstance(error, UNAVAILABLE):
        g.without_database = True
    answer = answer_for(error)
    if answer.status >= 500:
        log.error("failed", exc_info=error, extra={"facts": {"endpoint": request.endpoint}})
        if current_app.testing and current_app.config.get("PROPAGATE"):
            raise error
    response = respond(answer)
    if answer.status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def respond(answer: Answer) -> Response:
    """The answer as the caller reads it."""
    _end_transaction()
    if request.path.startswith("/api/"):
        response = Response(_json(answer), answer.status, mimetype="application/json")
        if answer.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
    if request.is_json or request.accept_mimetypes.best == "application/json":
        return Response(_json(answer), answer.status, mimetype="application/json")
    if "HX-Request" in request.headers:
        return Response("", answer.status, {"X-Message": quote(answer.message)})
    from broker_crm.web import sign_in

    template = "error.html" if sign_in.signed_in() is not None else "error_plain.html"
    page = render_template(
        template, title=answer.title, message=answer.message, status=answer.status
    )
    return Response(page, answer.status, mimetype="text/html")


def _json(answer: Answer) -> bytes:
    body: dict[str, object] = {"code": answer.code, "message": answer.message}
    if answer.errors:
        body["errors"] = answer.errors
    if answer.incident is not None:
        body["incident"] = str(answer.incident)
    return orjson.dumps(body)


def _end_transaction() -> None:
    """Let go of what a failed command has locked or left broken, before the page is drawn."""
    database.reread()
