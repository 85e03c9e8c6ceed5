"""Merging of clients beside another merge of the same pair, a start of a case, and an erasure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import clock
from broker_crm.composition import compose
from broker_crm.crm import erasure, merging
from broker_crm.crm.cases import start_case
from broker_crm.crm.models import Client, ClientMerge, Consent, Product
from broker_crm.db import connect, sessions
from broker_crm.process.models import ProcessInstance
from broker_crm.process.transactions import Command, run_command
from tests.conftest import MONDAY
from tests.crm.test_merging import a_client
from tests.races.interleaving import Interleaving

EVERY = 7
"""Each so manieth moment is tried; which ones changes with every new statement."""


@pytest.fixture
def engine(furnished_url: str) -> Iterator[Engine]:
    compose()
    engine = connect(furnished_url)
    with clock.use(clock.SimulatedClock(MONDAY)):
        yield engine
    engine.dispose()


class Pair:
    """Two records of one client, written anew for each meeting."""

    def __init__(self, factory: sessionmaker[Session]) -> None:
        self.factory = factory
        self.product_id = 0

    def write(self) -> None:
        with self.factory.begin() as session:
            self.one, self.other = (
                a_client(session, f"UAB „Pora{number}“", owner="jonas").id for number in (1, 2)
            )
            for client_id in (self.one, self.other):
                session.add(
                    Consent(client_id=client_id, channel="any", given_at=clock.now(), evidence="x")
                )
            product = select(Product.id).where(Product.key == "liability")
            self.product_id = session.scalars(product).one()

    def merge(self, kept: str, merged: str) -> Callable[[], object]:
        return self._command(
            "merge",
            lambda session: (
                merging.merge(
                    session, getattr(self, kept), getattr(self, merged), {}, by="manager"
                ).id
            ),
        )

    def start(self) -> Callable[[], object]:
        return self._command(
            "start",
            lambda session: (
                start_case(
                    session,
                    "new-client-sale",
                    {"clientId": self.other, "productId": self.product_id},
                    by="jonas",
                ).instance.id
            ),
        )

    def erase(self) -> Callable[[], object]:
        def erased(session: Session) -> bool:
            erasure.erase_client(session, self.one, by="compliance", asked=True)
            return True

        return self._command("erase", erased)

    def _command(self, kind: str, work: Callable[[Session], object]) -> Callable[[], object]:
        return lambda: run_command(self.factory, work, Command(kind, None, actor="manager"))


def test_two_people_who_merge_the_same_pair_merge_it_once(engine: Engine) -> None:
    pair = Pair(sessions(engine))
    interleaving = Interleaving(engine)
    pair.write()
    steps = interleaving.steps(pair.merge("one", "other"))
    for at in range(0, steps, EVERY):
        pair.write()
        answers = interleaving.meet(pair.merge("one", "other"), pair.merge("other", "one"), at)
        assert sum(each.took_effect for each in answers) == 1
        with pair.factory() as session:
            ids = (pair.one, pair.other)
            found = session.scalars(select(ClientMerge).where(ClientMerge.kept_id.in_(ids))).all()
            (entry,) = found
            assert {entry.kept_id, entry.merged_id} == set(ids)
            tombs = select(Client.id).where(Client.id.in_(ids), Client.merged_into.is_not(None))
            assert session.scalars(tombs).all() == [entry.merged_id]
    interleaving.close()


@pytest.mark.parametrize("first", ["merge", "start"])
def test_a_case_that_starts_beside_a_merge_is_of_the_client_that_is_kept(
    engine: Engine, first: str
) -> None:
    pair = Pair(sessions(engine))
    interleaving = Interleaving(engine)
    order = (pair.merge("one", "other"), pair.start())
    pair.write()
    steps = interleaving.steps(order[first == "start"])
    for at in range(0, steps, EVERY):
        pair.write()
        answers = interleaving.meet(*(order if first == "merge" else order[::-1]), at)
        assert all(each.took_effect for each in answers)
        with pair.factory() as session:
            started = select(ProcessInstance.client_id).where(
                ProcessInstance.client_id.in_((pair.one, pair.other))
            )
            assert session.scalars(started).all() == [pair.one]
    interleaving.close()


def test_what_is_erased_beside_a_merge_is_erased_or_merged_never_half(engine: Engine) -> None:
    pair = Pair(sessions(engine))
    interleaving = Interleaving(engine)
    pair.write()
    steps = interleaving.steps(pair.merge("one", "other"))
    for at in range(0, steps, EVERY):
        pair.write()
        merged, _erased = interleaving.meet(pair.merge("one", "other"), pair.erase(), at)
        with pair.factory() as session:
            one, other = (session.get_one(Client, each) for each in (pair.one, pair.other))
            assert one.erased_at is not None
            assert (other.merged_into == one.id) == merged.took_effect
            assert (other.erased_at is not None) == merged.took_effect
    interleaving.close()
