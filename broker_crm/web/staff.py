"""Names of colleagues, read once per request."""

from __future__ import annotations

from collections.abc import Mapping

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.people.models import Role, User, UserRole


def names(session: Session) -> Mapping[str, str]:
    """Login to name, of everybody who ever worked here."""
    known: Mapping[str, str] | None = g.get("staff_names")
    if known is None:
        rows = session.execute(select(User.login, User.name))
        known = g.staff_names = dict(rows.all())
    return known


def name(session: Session, login: str | None) -> str:
    """A colleague's name; the login where it is unknown; empty for nobody."""
    return names(session).get(login, login) if login else ""


def with_role(session: Session, role: str | None) -> list[User]:
    """Active people of one role, by name; of any role when none is given."""
    people = select(User).where(User.active).order_by(User.name)
    if role:
        people = people.join(UserRole, UserRole.login == User.login).where(UserRole.role == role)
    return list(session.scalars(people).unique())


def leads(user: User) -> bool:
    """True for those who see and steer everybody's work."""
    return bool(user.roles & {Role.SALES_MANAGER, Role.ADMINISTRATOR})
