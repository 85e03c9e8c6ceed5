"""Who calls the API: the bearer token decides, never a cookie."""

from __future__ import annotations

import hashlib

from flask import current_app, g, request
from sqlalchemy import bindparam, select

from broker_crm.people.models import ApiToken, User
from broker_crm.web import access, database
from broker_crm.web.errors import NotPermitted, NotSignedIn

OPEN = frozenset({"api.description"})
CALLER = (
    select(User.login, User.demo)
    .join(ApiToken, ApiToken.login == User.login)
    .where(ApiToken.token_hash == bindparam("digest"), ApiToken.revoked_at.is_(None), User.active)
)


def identify() -> None:
    """Read the token's owner in one statement; what not everybody may do needs the roles too."""
    if request.endpoint in OPEN:
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn
    digest = hashlib.sha256(token.strip().encode()).hexdigest()
    with database.reading() as connection:
        row = connection.execute(CALLER, {"digest": digest}).one_or_none()
    if row is None or (row.demo and not current_app.extensions["broker_crm.settings"].demo):
        raise NotSignedIn
    g.caller = row.login
    allowed = access.ENDPOINTS.get(request.endpoint or "", access.PUBLIC)
    if allowed != access.SIGNED_IN and not allowed & person().roles:
        raise NotPermitted


def caller() -> str:
    """Login of the token's owner."""
    login: str = g.caller
    return login


def person() -> User:
    """The token's owner with roles, for commands that ask for rights."""
    if "api_user" not in g:
        g.api_user = database.current().get_one(User, caller())
    user: User = g.api_user
    return user
