"""Signing in and out. A session carries login and stamp; a changed stamp ends it everywhere."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, current_app, g, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from broker_crm import metrics
from broker_crm.people import accounts
from broker_crm.people.models import User
from broker_crm.settings import Settings
from broker_crm.web import database
from broker_crm.web.own_path import own_path

blueprint = Blueprint("sign_in", __name__)
manager = LoginManager()


class Visitor(UserMixin):
    """What Flask-Login keeps about the person who is signed in."""

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        return f"{self.user.login}:{self.user.session_stamp}"


def set_up(app: Flask) -> None:
    manager.init_app(app)
    manager.session_protection = None


@manager.user_loader
def _load(identity: str) -> Visitor | None:
    if g.get("without_database"):
        return None
    login, _, stamp = identity.rpartition(":")
    user = database.current().get(User, login)
    if user is None or not user.active or user.session_stamp != stamp:
        return None
    if user.demo and not _settings().demo:
        return None
    return Visitor(user)


def signed_in() -> User | None:
    """The person whose request this is; None where nobody is signed in or it can't be read."""
    if g.get("without_database"):
        return None
    if "api_user" in g:
        user: User | None = g.api_user
        return user
    return current_user.user if current_user.is_authenticated else None


def person() -> User:
    """The person whose request this is, on addresses that need one."""
    user = signed_in()
    if user is None:
        raise RuntimeError("This address is reached without signing in.")
    return user


@blueprint.get("/login")
def form() -> ResponseReturnValue:
    wish = own_path(request.args.get("next"))
    if signed_in() is not None:
        return redirect(wish)
    return render_template("sign_in.html", next=wish, **_demo())


@blueprint.post("/login")
def enter() -> ResponseReturnValue:
    wish = own_path(request.form.get("next"))
    login = request.form.get("login", "").strip().lower()
    with database.factory()() as db:
        try:
            user = accounts.sign_in(
                db, login, request.form.get("password", ""), demo_allowed=_settings().demo
            )
        except accounts.SignInRefused as refusal:
            db.commit()
            metrics.SIGN_INS.labels(refusal.code).inc()
            page = render_template(
                "sign_in.html", next=wish, login=login, refusal=_told(refusal), **_demo()
            )
            return page, 429 if isinstance(refusal, accounts.TooManyAttempts) else 401
        db.commit()
    metrics.SIGN_INS.labels("done").inc()
    chosen = session.get("language")
    session.clear()
    if chosen:
        session["language"] = chosen
    session.permanent = True
    login_user(Visitor(user))
    return redirect(wish, 303)


@blueprint.post("/logout")
def leave() -> ResponseReturnValue:
    """End this person's sessions everywhere: a stolen cookie is worth nothing afterwards."""
    with database.writing() as db:
        accounts.end_sessions(db, person().login)
    logout_user()
    session.clear()
    return redirect("/login", 303)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["broker_crm.settings"]
    return settings


def _told(refusal: accounts.SignInRefused) -> str:
    if isinstance(refusal, accounts.TooManyAttempts):
        told: str = ngettext(
            "Too many attempts. Try again in %(num)s minute.",
            "Too many attempts. Try again in %(num)s minutes.",
            refusal.minutes,
        )
        return told
    return _("The login or the password is not right.")


def _demo() -> dict[str, Any]:
    """The sample logins, shown only in a demo."""
    if not _settings().demo:
        return {}
    from broker_crm.people.demo import LOGINS, PASSWORD

    return {"demo_logins": LOGINS, "demo_password": PASSWORD}
