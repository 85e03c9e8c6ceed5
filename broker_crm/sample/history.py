"""The past of the sample: most cases written in bulk, the recent and a share of the rest lived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.clock import SimulatedClock
from broker_crm.crm.cases import RENEWAL
from broker_crm.crm.models import Client, ClientStatus, Policy, PolicyStatus
from broker_crm.crm.policies import price_band
from broker_crm.crm.renewals import lead_days
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import compiled, latest_version
from broker_crm.process.calendars import company_calendar
from broker_crm.sample import campaigns, complaints, earlier, growth
from broker_crm.sample.behaviour import SampleCase
from broker_crm.sample.catalogue import BY_KEY
from broker_crm.sample.chance import stream
from broker_crm.sample.desks import Work, at_every_desk, desk_of
from broker_crm.sample.diagrams import CannotWalk
from broker_crm.sample.earlier import PAST_DAYS, PRESENT_VERSION_DAYS
from broker_crm.sample.lived import Simulation
from broker_crm.sample.numbering import Numbers, highest, settle
from broker_crm.sample.plans import SALE, begin, begins, crowded, evened, renewal_case, sale_case
from broker_crm.sample.policies import Holding, add_claims, add_holdings, is_holder
from broker_crm.sample.told import Unfinished
from broker_crm.sample.written import Office

SALES = 1_560
LIVED_DAYS = 16
"""Cases that began in so many last days are lived through by the engine."""
LIVED_OF = 60
"""And one of so many earlier ones."""
TOGETHER = 100
"""Written cases in one transaction."""

SPAN = 10
"""Ids that each desk has at hand for each case of all."""

Progress = Callable[[int], None]
Each = TypeVar("Each")


@dataclass(slots=True)
class Done:
    """What came of one desk.

    Attributes:
        cases: how many it has looked at.
        holdings: what clients hold after sales.
        left: cases for the engine: when they begin, and what it is started with.
    """

    cases: int = 0
    holdings: list[Holding] = field(default_factory=list)
    left: list[tuple[datetime, SampleCase, dict[str, object]]] = field(default_factory=list)


def add_history(
    factory: sessionmaker[Session],
    end: datetime,
    *,
    browsed: int,
    share: float = 1.0,
    progress: Progress | None = None,
) -> None:
    """Write and live the past up to the given instant.

    Args:
        factory: makes sessions.
        end: the present.
        browsed: how many of the clients, the first ones, are those to browse.
        share: of the usual number of cases; more than 1 for load tests.
        progress: called now and then with the number of cases and happenings so far.
    """
    start = end - timedelta(days=PAST_DAYS)
    simulated = SimulatedClock(start)
    with clock.use(simulated):
        past = _Past(factory, simulated, end, browsed, share, progress)
        past.publish()
        past.write_sales()
        past.write_renewals()
        past.live()
        past.tidy()


class _Past:
    def __init__(
        self,
        factory: sessionmaker[Session],
        simulated: SimulatedClock,
        end: datetime,
        browsed: int,
        share: float,
        progress: Progress | None,
    ) -> None:
        self._factory = factory
        self._clock = simulated
        self._end = end
        self._today = end.astimezone(OFFICE).date()
        self._browsed = browsed
        self._share = share
        self._progress = progress
        self._done = 0
        self._left: list[tuple[datetime, SampleCase, dict[str, object]]] = []
        self._sold: list[Holding] = []
        self._change_at = end - timedelta(days=PRESENT_VERSION_DAYS)
        self._old: dict[str, int] = {}
        self._new: dict[str, int] = {}

    # -- versions ----------------------------------------------------------------------------

    def publish(self) -> None:
        """Have an earlier and the present version of the sale and the renewal, read and ready."""
        with self._factory.begin() as session:
            company_calendar(session)
            if not earlier.has_earlier(session):
                earlier.publish_earlier(session, self._end)
                earlier.publish_present(session, self._end)
            for key in earlier.CHANGED:
                newest = latest_version(session, key)
                self._new[key] = newest.id
                before = session.scalar(
                    select(ProcessVersion.id).where(
                        ProcessVersion.process_key == key, ProcessVersion.note == earlier.NOTE
                    )
                )
                self._old[key] = before or newest.id
                for version_id in (self._old[key], newest.id):
                    compiled(session, version_id)

    def _version(self, session: Session, key: str, at: datetime) -> ProcessVersion:
        versions = self._old if at < self._change_at else self._new
        return session.get_one(ProcessVersion, versions[key])

    # -- sales -------------------------------------------------------------------------------

    def write_sales(self) -> None:
        """Write the sales that are over; leave the others to the engine."""
        total = round(SALES * self._share)
        with self._factory() as session:
            calendar = company_calendar(session)
            found = session.scalars(select(Client).order_by(Client.id)).all()
            counted = highest(session)
        clients = [
            each for number, each in enumerate(found) if not is_holder(number, self._browsed)
        ]
        begun = sorted(
            (
                crowded(
                    begins(number, total, self._end, calendar), number, clients, self._end, calendar
                ),
                number,
            )
            for number in range(total)
        )
        planned = evened(
            sale_case(number, clients, early=at < self._change_at) for at, number in begun
        )
        sales = [(at, number, case) for (at, number), case in zip(begun, planned, strict=True)]

        def work(factory: sessionmaker[Session], desk: int) -> Done:
            mine = [sale for sale in sales if desk_of(sale[2].client_id) == desk]
            numbers = Numbers(counted, desk * SPAN * (total + 1))
            done = Done(cases=len(mine))
            for part in _parts(mine):
                with factory() as reading:
                    about = {case.client_id for _at, _number, case in part}
                    office = Office(reading, self._clock, self._end, numbers, about)
                    for at, number, case in part:
                        self._write_sale(office, case, at, number, done)
                    with factory.begin() as session:
                        office.hand_over(session)
            return done

        self._sold = [holding for done in self._collect(work) for holding in done.holdings]

    def _write_sale(
        self, office: Office, case: SampleCase, at: datetime, number: int, done: Done
    ) -> None:
        lived = at >= self._end - timedelta(days=LIVED_DAYS)
        if not lived and (number % LIVED_OF or at < self._change_at):
            try:
                policy = office.write(case, self._version(office.session, SALE, at), at)
            except (Unfinished, CannotWalk):
                pass
            else:
                if policy is not None and case.product:
                    key = f"{case.key}-{case.product}"
                    done.holdings.append(Holding(key, case.client_id, case.product, policy.id))
                return
        product = office.product(case.product)
        assert product is not None
        asked = {"clientId": case.client_id, "productId": product.id, "owner": case.owner}
        done.left.append((at, case, asked))

    # -- renewals ----------------------------------------------------------------------------

    def write_renewals(self) -> None:
        """Write what clients hold and its renewals, year by year."""
        with self._factory.begin() as session:
            clients = list(session.scalars(select(Client).order_by(Client.id)))
            share = min(1.0, self._share)
            held = add_holdings(session, clients, self._browsed, share, self._today)
            lead = lead_days(session, latest_version(session, RENEWAL))
            counted = highest(session)
        holdings = [*held, *self._sold]

        def work(factory: sessionmaker[Session], desk: int) -> Done:
            numbers = Numbers(counted, desk * SPAN * (len(holdings) + 1))
            done = Done()
            due = [holding for holding in holdings if desk_of(holding.client_id) == desk]
            while due:
                following: list[Holding] = []
                done.cases += len(due)
                for part in _parts(due):
                    following += self._write_year(factory, numbers, part, lead, done)
                due = following
            return done

        self._collect(work)

    def _write_year(
        self,
        factory: sessionmaker[Session],
        numbers: Numbers,
        holdings: Sequence[Holding],
        lead: Mapping[tuple[str, str, str], int],
        done: Done,
    ) -> list[Holding]:
        """Renew once what is due; what came of it is due a year later."""
        renewed: list[tuple[Holding, Policy]] = []
        with factory() as reading:
            about = {holding.client_id for holding in holdings}
            office = Office(reading, self._clock, self._end, numbers, about)
            for holding in holdings:
                policy = self._renew(office, holding, lead, done)
                if policy is not None:
                    renewed.append((replace(holding, policy_id=policy.id), policy))
            with factory.begin() as session:
                office.hand_over(session)
                for _holding, policy in renewed:
                    add_claims(session, policy, self._today)
        return [holding for holding, _policy in renewed]

    def _renew(
        self,
        office: Office,
        holding: Holding,
        lead: Mapping[tuple[str, str, str], int],
        done: Done,
    ) -> Policy | None:
        session = office.session
        policy = session.get_one(Policy, holding.policy_id)
        client = session.get_one(Client, holding.client_id)
        offered = BY_KEY[holding.product]
        days = lead[offered.complexity, price_band(policy.premium), client.kind]
        begins = office.calendar.add_working_days(policy.ends_on - timedelta(days=days), 0)
        chance = stream("renewal", holding.key, policy.ends_on.year)
        at = datetime.combine(begins, time(8, 35 + chance.randint(0, 20)), OFFICE)
        at = max(at, policy.created_at.astimezone(OFFICE))
        if at > self._end:
            return None
        case = renewal_case(session, policy)
        lived = self._end - timedelta(days=LIVED_DAYS)
        sampled = at >= self._end - timedelta(days=300) and chance.random() < 1 / LIVED_OF
        if at < lived and not sampled:
            try:
                return office.write(case, self._version(session, RENEWAL, at), at, policy)
            except (Unfinished, CannotWalk):
                pass
        asked = {
            "clientId": client.id,
            "productId": policy.product_id,
            "owner": case.owner,
            "policyId": policy.id,
        }
        done.left.append((at, case, asked))
        return None

    def _collect(self, work: Work) -> list[Done]:
        """What all desks have done; the database counts on from there."""
        found = []
        for done in at_every_desk(self._factory, work):
            found.append(done)
            self._left += done.left
            self._done += done.cases
            self._report(self._done)
        with self._factory.begin() as session:
            settle(session)
        return found

    # -- the rest ----------------------------------------------------------------------------

    def live(self) -> None:
        """Let the engine live through what is left, with everything else that happens."""
        simulation = Simulation(self._factory, self._clock, self._end)
        for at, case, asked in sorted(self._left, key=lambda each: (each[0], each[1].key)):
            simulation.begin(at, case, begin(case, asked))
        with self._factory() as session:
            complaints.plan(session, simulation, self._end, self._share)
            growth.plan(session, simulation, self._end, self._share)
            campaigns.plan(session, simulation, self._end, self._share)
        first = min([at for at, _case, _asked in self._left], default=self._end)
        self._clock.set(min(first, self._end - timedelta(days=PAST_DAYS)))
        before = self._done
        simulation.run(lambda done: self._report(before + done))

    def tidy(self) -> None:
        """At the present: expire old policies, tell clients by what they hold, age the records."""
        self._clock.set(self._end)
        with self._factory.begin() as session:
            session.execute(
                update(Policy)
                .where(Policy.status == PolicyStatus.ACTIVE, Policy.ends_on < self._today)
                .values(status=PolicyStatus.EXPIRED)
            )
            active = select(Policy.client_id).where(Policy.status == PolicyStatus.ACTIVE)
            held = select(Policy.client_id)
            for holds, status in ((held, ClientStatus.FORMER), (active, ClientStatus.ACTIVE)):
                session.execute(
                    update(Client)
                    .where(Client.id.in_(holds))
                    .values(status=status)
                    .execution_options(synchronize_session=False)
                )

    def _report(self, done: int) -> None:
        if self._progress is not None:
            self._progress(done)


def _parts(mine: Sequence[Each]) -> Iterator[Sequence[Each]]:
    yield from (mine[first : first + TOGETHER] for first in range(0, len(mine), TOGETHER))
