"""Potential clients and workload once more, in plain Python: one client, one day at a time."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from statistics import median

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm.models import Client, Consent, ContactPerson, Interaction, Meeting
from broker_crm.people.models import Absence, User
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessInstance

from .plainly import Books

CROWD = 6
"""What more records than these share says nothing about who they are."""


@dataclass
class Prospects:
    """Everything about clients, read once.

    Attributes:
        session: reads.
        keep: which clients are asked about; may be changed.
    """

    session: Session
    keep: Callable[[Client], bool] = lambda _client: True

    def __post_init__(self) -> None:
        read = self.session.scalars
        self.now = clock.now()
        self.calendar = company_calendar(self.session)
        self.clients = list(read(select(Client).order_by(Client.id)))
        self.consents: dict[int, list[Consent]] = defaultdict(list)
        for consent in read(select(Consent)):
            self.consents[consent.client_id].append(consent)
        self.contacts: dict[int, list[ContactPerson]] = defaultdict(list)
        for contact in read(select(ContactPerson)):
            if contact.ended_at is None:
                self.contacts[contact.client_id].append(contact)
        self.cases: dict[int | None, list[str]] = defaultdict(list)
        for case in read(select(ProcessInstance)):
            self.cases[case.client_id].append(case.id.hex)
        self.spoken_with = {each.client_id for each in read(select(Interaction))}
        teams = {each.login: each.team_key for each in read(select(User)).unique()}
        self.team = lambda client: teams.get(client.owner)

    def potential(self) -> list[Client]:
        return [
            each
            for each in self.clients
            if each.status == "prospect"
            and each.erased_at is None
            and each.merged_into is None
            and each.restricted_at is None
            and not each.do_not_contact
            and self.keep(each)
        ]

    def contactable(self, client: Client) -> bool:
        """Is there a permission for a channel, and an address that works in the same channel?"""
        channels = {
            each.channel
            for each in self.consents[client.id]
            if each.purpose == "marketing"
            and each.given_at <= self.now
            and (each.withdrawn_at is None or each.withdrawn_at > self.now)
        }
        contacts = self.contacts[client.id]
        mail = bool(client.email) or any(each.email and not each.bounced_at for each in contacts)
        phone = bool(client.phone) or any(each.phone for each in contacts)
        return (mail and bool(channels & {"email", "any"})) or (
            phone and bool(channels & {"phone", "any"})
        )

    def untouched(self, client: Client) -> bool:
        return not self.cases[client.id] and client.id not in self.spoken_with

    def came(self) -> dict[date, int]:
        """Records that were made in each month and are not copies of others."""
        found: dict[date, int] = defaultdict(int)
        for each in self.clients:
            if each.merged_into is None and self.keep(each):
                found[self.calendar.local_day(each.created_at).replace(day=1)] += 1
        return dict(found)

    def suspected(self) -> int:
        """Pairs of records that look alike, one of them a potential client at least."""
        asked = {each.id for each in self.potential()}
        return sum(bool(set(pair) & asked) for pair in self.pairs)

    @cached_property
    def pairs(self) -> set[tuple[int, int]]:
        living = [each for each in self.clients if not each.merged_into and not each.erased_at]
        found: set[tuple[int, int]] = set()
        for same in (
            lambda each: each.vat_code,
            lambda each: each.bank_account,
            lambda each: each.foreign_id,
            lambda each: each.match_name if each.kind != "natural" else None,
            lambda each: (each.email or "").lower(),
            lambda each: each.phone,
        ):
            for alike in _alike(living, same):
                if len(alike) <= CROWD:
                    found |= set(itertools.combinations(alike, 2))
        born = lambda each: each.birth_date and (each.match_name, each.birth_date)  # noqa: E731
        for alike in _alike(living, born):
            found |= set(itertools.combinations(alike, 2))
        for one, other in itertools.permutations(living, 2):
            mails = {each.email for each in self.contacts[one.id]}
            if other.email in mails - {None}:
                found.add((min(one.id, other.id), max(one.id, other.id)))
            if "?" in one.name and _lost(one.name, other.search_name):
                found.add((min(one.id, other.id), max(one.id, other.id)))
        return found


def _alike(clients: list[Client], same: Callable[[Client], object]) -> Iterator[list[int]]:
    groups: dict[object, list[int]] = defaultdict(list)
    for each in clients:
        if same(each):
            groups[same(each)].append(each.id)
    return iter(groups.values())


def _lost(broken: str, whole: str) -> bool:
    return len(broken) == len(whole) and all(
        one in ("?", other) for one, other in zip(broken.lower(), whole, strict=True)
    )


class Load:
    """What everybody has to do in five weeks, and the time that they have."""

    def __init__(self, books: Books, people: Callable[[User], bool] = lambda _user: True) -> None:
        self.books = books
        session = books.session
        self.today = books.calendar.local_day(books.now)
        self.monday = self.today - timedelta(days=self.today.weekday())
        self.users = {
            each.login: each for each in session.scalars(select(User)).unique() if people(each)
        }
        self.absences = list(session.scalars(select(Absence)))
        self.meetings = [
            each
            for each in session.scalars(select(Meeting).where(Meeting.status == "planned"))
            if each.starts_at >= books.now
        ]
        self.open = [each for each in books.steps if each.status == "open"]

    def selling(self) -> set[str]:
        return {
            login
            for login, user in self.users.items()
            if user.active and "salesperson" in user.roles
        }

    def people(self) -> set[str]:
        held = {str(each.assignee) for each in self.open if each.assignee in self.users}
        return held | self.selling()

    def minutes(self, person: str, week: int) -> float:
        """Standard minutes of what is due in a week; what is overdue falls on the first one."""
        found = 0.0
        for step in self.open:
            if step.assignee != person or step.due_at is None:
                continue
            due = max(self.books.calendar.local_day(step.due_at), self.monday)
            if (due - self.monday).days // 7 == week:
                found += step.standard_minutes or 0
        return found

    def available(self, person: str, week: int) -> float:
        """Minutes of each day that is left: 480, 420 before a holiday; no day is below none."""
        found = 0.0
        for place in range(7):
            day = self.monday + timedelta(days=7 * week + place)
            away = any(
                each.login == person and each.first_day <= day <= each.last_day
                for each in self.absences
            )
            if day < self.today or away or not self.books.calendar.is_working(day):
                continue
            office = 420.0 if day in self.books.calendar.short else 480.0
            met = sum(
                each.minutes
                for each in self.meetings
                if each.organiser == person and self.books.calendar.local_day(each.starts_at) == day
            )
            found += max(0.0, office - met)
        return found

    def load(self, person: str, week: int = 0) -> float | None:
        minutes, available = self.minutes(person, week), self.available(person, week)
        if available == 0:
            return None if minutes else 0.0
        return minutes / available

    def average(self) -> float | None:
        """Of the middle salesperson."""
        loads = [load for each in self.selling() if (load := self.load(each)) is not None]
        return median(loads) if loads else None

    def overdue(self, person: str) -> int:
        return sum(
            step.assignee == person
            and step.due_at is not None
            and self.books.days(step.due_at, self.books.now) > 0
            for step in self.open
        )
