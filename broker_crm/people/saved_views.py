"""Filters of a list under a name: one's own, shared with the team, or with everybody."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    func,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from broker_crm import clock
from broker_crm.db import Base, UtcDateTime
from broker_crm.people.models import Role, User

MOST = 40
"""Views of one person on one page."""
LONGEST_NAME = 80
LONGEST_QUERY = 2_000
PASSING = frozenset({"from", "cursor", "csrf_token"})
"""Parameters that tell of a moment, not of what is wanted."""
SHARES_WITH_ALL = frozenset({Role.SALES_MANAGER, Role.ADMINISTRATOR})


class Scope(StrEnum):
    OWN = "own"
    TEAM = "team"
    """People of the owner's team, as it is when they look."""
    EVERYBODY = "everybody"


class SavedView(Base):
    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("owner", "page", "name"), Index(None, "page", "scope"))

    id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(String(40))
    """The list's key, such as 'instances'."""
    name: Mapped[str] = mapped_column(String(80))
    owner: Mapped[str] = mapped_column(ForeignKey("user_account.login"))
    scope: Mapped[str] = mapped_column(String(20), default=Scope.OWN)
    query: Mapped[str] = mapped_column(String(2000))
    """The filters as they stand in an address, sorted by name."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ViewRefused(Exception):
    """The view can't be kept so; nothing has changed.

    Attributes:
        code: 'no-name', 'name-taken', 'nothing-chosen', 'too-long', 'too-many', 'no-team',
            'not-yours'.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def tidy(query: str) -> str:
    """The filters of an address: sorted, without empty ones and without the page reached."""
    if len(query) > 2 * LONGEST_QUERY:
        raise ViewRefused("too-long")
    pairs = parse_qsl(query.lstrip("?"))
    return urlencode(sorted((key, text) for key, text in pairs if key not in PASSING))


def views_of(session: Session, user: User, page: str) -> list[SavedView]:
    """Views of a page that the person may use, own ones first, then by name."""
    found = session.scalars(
        select(SavedView).where(SavedView.page == page, _open_to(user)).order_by(SavedView.name)
    )
    return sorted(found, key=lambda view: view.owner != user.login)


def scopes_for(user: User) -> list[Scope]:
    """With whom the person may share."""
    found = [Scope.OWN]
    if user.team_key is not None:
        found.append(Scope.TEAM)
    if user.roles & SHARES_WITH_ALL:
        found.append(Scope.EVERYBODY)
    return found


def save(session: Session, user: User, page: str, name: str, query: str, scope: str) -> SavedView:
    """Keep filters under a name; one's own view of that name gets the new filters.

    Args:
        session: the caller commits.
        user: whose view it becomes.
        page: the list's key.
        name: for people.
        query: of the list's address.
        scope: with whom it is shared.

    Raises:
        ViewRefused: telling why not.
    """
    name, query = _name(name), tidy(query)
    _may_share(user, scope)
    if not query:
        raise ViewRefused("nothing-chosen")
    if len(query) > LONGEST_QUERY:
        raise ViewRefused("too-long")
    mine = (SavedView.owner == user.login, SavedView.page == page)
    view = session.scalar(select(SavedView).where(*mine, SavedView.name == name))
    if view is None:
        if (session.scalar(select(func.count()).where(*mine)) or 0) >= MOST:
            raise ViewRefused("too-many")
        view = SavedView(owner=user.login, page=page, name=name)
        session.add(view)
    view.query, view.scope, view.changed_at = query, scope, clock.now()
    return _kept(session, view)


def change(session: Session, user: User, view_id: int, *, name: str, scope: str) -> SavedView:
    """Rename a view of one's own, or share it otherwise.

    Raises:
        ViewRefused: telling why not.
    """
    view = _own(session, user, view_id)
    name = _name(name)
    _may_share(user, scope)
    taken = select(SavedView.id).where(
        SavedView.owner == view.owner,
        SavedView.page == view.page,
        SavedView.name == name,
        SavedView.id != view.id,
    )
    if session.scalar(taken) is not None:
        raise ViewRefused("name-taken")
    view.name, view.scope, view.changed_at = name, scope, clock.now()
    return _kept(session, view)


def delete(session: Session, user: User, view_id: int) -> SavedView:
    """Take a view away: one's own; who leads may take away any that is shared.

    Raises:
        ViewRefused: it is not theirs, or there is none.
    """
    view = session.get(SavedView, view_id)
    if view is None or not may_delete(user, view):
        raise ViewRefused("not-yours")
    session.delete(view)
    session.flush()
    return view


def may_delete(user: User, view: SavedView) -> bool:
    """May the person take the view away?"""
    shared = view.scope != Scope.OWN and bool(user.roles & SHARES_WITH_ALL)
    return view.owner == user.login or shared


def _kept(session: Session, view: SavedView) -> SavedView:
    try:
        session.flush()
    except IntegrityError as error:
        raise ViewRefused("name-taken") from error
    return view


def _open_to(user: User) -> ColumnElement[bool]:
    owner = aliased(User)
    of_team = select(owner.login).where(owner.team_key == user.team_key)
    shared: list[ColumnElement[bool]] = [SavedView.scope == Scope.EVERYBODY]
    if user.team_key is not None:
        shared.append(and_(SavedView.scope == Scope.TEAM, SavedView.owner.in_(of_team)))
    return or_(SavedView.owner == user.login, *shared)


def _own(session: Session, user: User, view_id: int) -> SavedView:
    view = session.get(SavedView, view_id)
    if view is None or view.owner != user.login:
        raise ViewRefused("not-yours")
    return view


def _name(name: str) -> str:
    name = " ".join(name.split())[:LONGEST_NAME]
    if not name:
        raise ViewRefused("no-name")
    return name


def _may_share(user: User, scope: str) -> None:
    if scope not in set(scopes_for(user)):
        raise ViewRefused("no-team" if scope == Scope.TEAM else "not-yours")
