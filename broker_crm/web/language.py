"""Lithuanian and English: which one this visitor reads, and the switch between them."""

from __future__ import annotations

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Blueprint, Flask, has_request_context, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import Babel

from broker_crm.people.models import User
from broker_crm.web import database, sign_in
from broker_crm.web.errors import NotFound
from broker_crm.web.own_path import own_path

LANGUAGES = {"lt": "Lietuvių", "en": "English"}
DEFAULT = "lt"
TIME_ZONE = "Europe/Vilnius"
CATALOGS = Path(__file__).parent / "translations"

blueprint = Blueprint("language", __name__)


def set_up(app: Flask) -> None:
    compile_catalogs(CATALOGS)
    Babel(
        app,
        default_locale=DEFAULT,
        default_timezone=TIME_ZONE,
        default_translation_directories=str(CATALOGS),
        locale_selector=chosen,
    )


def chosen() -> str:
    """The visitor's language: their own setting, else this browser's choice, else its wish."""
    if not has_request_context():
        return DEFAULT
    if request.path.startswith("/api/"):
        return request.accept_languages.best_match(list(LANGUAGES), "en")
    user = sign_in.signed_in()
    if user is not None and user.language in LANGUAGES:
        return user.language
    switched = session.get("language")
    if switched in LANGUAGES:
        return str(switched)
    return request.accept_languages.best_match(list(LANGUAGES), DEFAULT)


@blueprint.post("/language/<code>")
def choose(code: str) -> ResponseReturnValue:
    """Change the language and come back to the page."""
    if code not in LANGUAGES:
        raise NotFound
    session["language"] = code
    user = sign_in.signed_in()
    if user is not None:
        with database.writing() as db:
            db.get_one(User, user.login).language = code
    return redirect(own_path(request.form.get("next")), 303)


def compile_catalogs(folder: Path) -> None:
    """Compile each catalogue that is newer than what was compiled from it."""
    for source in folder.glob("*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as file:
            catalog = read_po(file, locale=source.parts[-3])
        draft = compiled.with_suffix(f".{id(catalog)}.tmp")
        with draft.open("wb") as file:
            write_mo(file, catalog)
        draft.replace(compiled)
