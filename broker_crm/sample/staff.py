"""The sample brokerage's people: logins, roles, teams, absences, and how each works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.people.models import Absence, Role, Team, User, UserRole

TEAMS = {"vilnius": "Vilniaus komanda", "kaunas": "Kauno komanda"}


@dataclass(frozen=True, slots=True)
class Person:
    login: str
    name: str
    roles: tuple[Role, ...]
    team: str | None = None
    language: str = "lt"
    delay: float = 1.0
    """How long tasks wait, against the average."""
    call_delay_days: float = 0.0
    """Working days by which calls come later."""
    discount: float = 3.0
    """Percent given away on an average offer."""


STAFF = (
    Person("jonas", "Jonas Kazlauskas", (Role.SALESPERSON,), "vilnius"),
    Person("ruta", "Rūta Petrauskienė", (Role.SALESPERSON,), "vilnius", delay=0.8),
    Person("tomas", "Tomas Butkus", (Role.SALESPERSON,), "vilnius", call_delay_days=3.0),
    Person("egle", "Eglė Jankauskaitė", (Role.SALESPERSON,), "vilnius"),
    Person("darius", "Darius Kairys", (Role.SALESPERSON,), "kaunas", discount=12.0),
    Person("ieva", "Ieva Stankevičiūtė", (Role.SALESPERSON,), "kaunas", delay=0.9),
    Person("mantas", "Mantas Urbonas", (Role.SALESPERSON,), "kaunas", delay=1.2),
    Person("laura", "Laura Šimkutė", (Role.SALESPERSON,), "kaunas"),
    Person("asta", "Asta Mockienė", (Role.ASSISTANT,), "vilnius"),
    Person("povilas", "Povilas Rimkus", (Role.ASSISTANT,), "kaunas"),
    Person("product", "Vaida Balčiūnienė", (Role.PRODUCT_MANAGER,), delay=0.6),
    Person("gintaras", "Gintaras Navickas", (Role.PRODUCT_MANAGER,), delay=3.0),
    Person("manager", "Vilma Ramanauskienė", (Role.SALES_MANAGER,), "vilnius", delay=0.6),
    Person("kestutis", "Kęstutis Pocius", (Role.SALES_MANAGER,), "kaunas", delay=0.7),
    Person("designer", "Giedrius Savickas", (Role.DESIGNER,)),
    Person("analyst", "Simona Adomaitytė", (Role.ANALYST,)),
    Person("complaints", "Daiva Žukauskienė", (Role.COMPLAINTS_HANDLER,)),
    Person("compliance", "Saulius Paulauskas", (Role.COMPLIANCE,)),
    Person("marketing", "Jurga Sadauskaitė", (Role.MARKETING,)),
    Person("admin", "Rasa Administratorė", (Role.ADMINISTRATOR,)),
)
BY_LOGIN = {person.login: person for person in STAFF}
SALESPEOPLE = tuple(person for person in STAFF if Role.SALESPERSON in person.roles)

WEIGHTS = tuple(0.3 if person.login == "laura" else 1.0 for person in SALESPEOPLE)
"""Laura is new: of her there is too little data for a judgement."""
STAND_INS = {
    "product-manager": "product",
    "sales-manager": "manager",
    "assistant": "asta",
    "complaints-handler": "complaints",
    "compliance": "compliance",
    "marketing": "marketing",
}


def stand_in(group: str | None, owner: str) -> str:
    """Who takes a task of a group's common queue."""
    return STAND_INS.get(group or "", owner)


def add_staff(session: Session, password_hash: str, today: date) -> None:
    """Write teams, people and their absences; all accounts are demo accounts."""
    session.add_all(Team(key=key, name=name) for key, name in TEAMS.items())
    session.flush()
    for number, person in enumerate(STAFF):
        session.add(
            User(
                login=person.login,
                name=person.name,
                email=f"{person.login}@brokeris.example",
                phone=f"+3706000{number:04d}",
                password_hash=password_hash,
                session_stamp="sample",
                language=person.language,
                demo=True,
                team_key=person.team,
                created_at=clock.now(),
                role_rows=[UserRole(role=role) for role in person.roles],
            )
        )
    session.flush()
    for number, person in enumerate(SALESPEOPLE):
        first = date(today.year, 7, 1) + timedelta(days=7 * (number % 6))
        session.add(
            Absence(login=person.login, first_day=first, last_day=first + timedelta(days=13))
        )
