"""Tables of people: users, their roles, teams and absences, and API tokens."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from broker_crm.db import Base, UtcDateTime


class Role(StrEnum):
    """Roles are also the candidate groups of user tasks."""

    SALESPERSON = "salesperson"
    ASSISTANT = "assistant"
    PRODUCT_MANAGER = "product-manager"
    SALES_MANAGER = "sales-manager"
    DESIGNER = "designer"
    ANALYST = "analyst"
    COMPLAINTS_HANDLER = "complaints-handler"
    COMPLIANCE = "compliance"
    MARKETING = "marketing"
    ADMINISTRATOR = "administrator"


class Team(Base):
    __tablename__ = "team"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))


class User(Base):
    __tablename__ = "user_account"

    login: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    """Argon2id; None where signing in with a password is not possible."""
    session_stamp: Mapped[str] = mapped_column(String(40))
    """Changes at log-out everywhere, password change and deactivation; sessions carry it."""
    language: Mapped[str] = mapped_column(String(2), default="lt")
    active: Mapped[bool] = mapped_column(default=True)
    demo: Mapped[bool] = mapped_column(default=False)
    """Demo logins are refused when the product does not run as a demo."""
    team_key: Mapped[str | None] = mapped_column(ForeignKey("team.key"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    team: Mapped[Team | None] = relationship(lazy="joined")
    role_rows: Mapped[list[UserRole]] = relationship(lazy="joined", cascade="all, delete-orphan")

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(Role(row.role) for row in self.role_rows)


class UserRole(Base):
    __tablename__ = "user_role"

    login: Mapped[str] = mapped_column(ForeignKey("user_account.login"), primary_key=True)
    role: Mapped[str] = mapped_column(String(40), primary_key=True)


class Absence(Base):
    __tablename__ = "absence"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("user_account.login"), index=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    substitute: Mapped[str | None] = mapped_column(ForeignKey("user_account.login"))


class ApiToken(Base):
    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(ForeignKey("user_account.login"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 in hex; the token itself is shown once and never stored."""
    note: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInFailure(Base):
    """A failed sign-in, counted against guessing."""

    __tablename__ = "sign_in_failure"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(60), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
