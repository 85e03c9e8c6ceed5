"""Past cases written in bulk: walked in memory, then stored as if the engine had run them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import groupby

from sqlalchemy import Update, inspect, select, update
from sqlalchemy.orm import Session, selectinload

from broker_crm.calendar import OFFICE, WorkingCalendar
from broker_crm.clock import SimulatedClock
from broker_crm.crm.models import (
    Client,
    Insurer,
    Interaction,
    NeedsRecord,
    Policy,
    PolicyStatus,
    Product,
    Quote,
)
from broker_crm.crm.policies import instalments_of
from broker_crm.db import Base
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import compiled
from broker_crm.outreach.notifications import active_members
from broker_crm.people.models import User
from broker_crm.process.calendars import company_calendar
from broker_crm.process.recording import EVENTS, INSTANCES, TASKS
from broker_crm.sample.behaviour import SampleCase
from broker_crm.sample.diagrams import Diagram
from broker_crm.sample.letters import Letters
from broker_crm.sample.numbering import Numbers
from broker_crm.sample.policies import paid
from broker_crm.sample.told import Rows, Told

ALONE = (Interaction, NeedsRecord, Quote)
"""Records that nothing else refers to: their ids need not be known, so that many are written at
once."""


class Office:
    """What all written cases share.

    Args:
        session: for reading; nothing is written with it.
        simulated: the clock in use.
        end: the present; a case that is not over by then is left to the engine.
        numbers: ids for new records.
        clients: ids of those whom the cases are about.
    """

    def __init__(
        self,
        session: Session,
        simulated: SimulatedClock,
        end: datetime,
        numbers: Numbers,
        clients: Collection[int] = (),
    ) -> None:
        self.session = session
        session.autoflush = False
        session.connection(execution_options={"read_only": True})
        self.clock = simulated
        self.end = end
        self.calendar: WorkingCalendar = company_calendar(session)
        self.numbers = numbers
        self.letters = Letters(session)
        self.rows = Rows()
        self._diagrams: dict[int, Diagram] = {}
        self._members: dict[str, list[str]] = {}
        self._products: dict[str, Product] = {}
        self._at_hand = self._read(clients)

    def _read(self, clients: Collection[int]) -> list[Base]:
        """Records that cases ask for by their ids: the session knows them while they are kept."""
        wanted = select(Client).where(Client.id.in_(clients)).options(selectinload(Client.contacts))
        return [
            *self.session.scalars(wanted),
            *self.session.scalars(select(User)).unique(),
            *self.session.scalars(select(Insurer)),
            *self.session.scalars(select(Product)),
        ]

    def diagram(self, version_id: int) -> Diagram:
        """The diagram of a version."""
        if version_id not in self._diagrams:
            self._diagrams[version_id] = Diagram(compiled(self.session, version_id))
        return self._diagrams[version_id]

    def product(self, key: str | None) -> Product | None:
        """A product by its key."""
        if not self._products:
            self._products.update({row.key: row for row in self.session.scalars(select(Product))})
        return self._products[key] if key else None

    def members(self, role: str) -> list[str]:
        """Active people who have a role."""
        if role not in self._members:
            self._members[role] = active_members(self.session, role)
        return self._members[role]

    def write(
        self,
        case: SampleCase,
        version: ProcessVersion,
        began: datetime,
        policy: Policy | None = None,
    ) -> Policy | None:
        """Live a case through in memory and keep its rows.

        Args:
            case: the case.
            version: on which it runs.
            began: when.
            policy: that is renewed.

        Returns:
            The policy that came of it, if any.

        Raises:
            Unfinished: it would not be over at the present; nothing is kept.
            CannotWalk: the engine has to take it; nothing is kept.
        """
        self.clock.set(began)
        told = Told(self, case, version, policy)
        try:
            told.live()
        except BaseException:
            told.forget()
            raise
        told.keep()
        issued = told.records.policy
        return issued if issued is not None and issued.status == PolicyStatus.ACTIVE else None

    def hand_over(self, session: Session) -> None:
        """Write everything that was kept, with another session; the caller commits."""
        added, changes = list(self.session.new), _changes(self.session)
        self.session.expunge_all()
        self.session.rollback()
        connection, rows = session.connection(), self.rows
        for table, found in (
            (INSTANCES, rows.instances),
            (TASKS, rows.tasks),
            (EVENTS, rows.events),
        ):
            if found:
                connection.execute(table.insert(), found)
        for change in changes:
            session.execute(change)
        policies = [row for row in rows.records if isinstance(row, Policy)]
        order = {table.name: place for place, table in enumerate(Base.metadata.sorted_tables)}
        records = sorted((*added, *rows.records), key=lambda row: order[row.__tablename__])
        for _table, group in groupby(records, key=lambda row: row.__tablename__):
            alike = list(group)
            if isinstance(alike[0], ALONE):
                session.bulk_save_objects(alike)
            else:
                session.add_all(alike)
                session.flush()
        today, parts = self.end.astimezone(OFFICE).date(), []
        for policy in policies:
            due = instalments_of(policy)
            if policy.status == PolicyStatus.ACTIVE:
                paid(due, today)
            parts += due
        session.bulk_save_objects(parts)
        self.rows = Rows()


def _changes(session: Session) -> list[Update]:
    """What cases changed in records that were there before, such as a client's wish."""
    found = []
    for row in session.dirty:
        state = inspect(row)
        changed = {
            attribute.key: getattr(row, attribute.key)
            for attribute in state.mapper.column_attrs
            if state.attrs[attribute.key].history.has_changes()
        }
        if changed:
            table = type(row)
            found.append(update(table).where(table.id == row.id).values(changed))
    return found
