"""Many running cases are moved to another version: rehearsed first, chosen, and taken back."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select

from broker_crm.definitions.published import latest_version
from broker_crm.process import migration
from broker_crm.process.errors import NotAllowed, VersionNotOfProcess
from broker_crm.process.migration import ItemState, Migration, MigrationItem, Phase
from broker_crm.process.migration.ordering import NothingChosen
from broker_crm.process.models import ProcessEvent, ProcessInstance, Timer, UserTask
from tests.engine.diagrams import flows

from .office import TWO_CALLS, open_tasks, publish, reminder_flows, step
from .test_one_transaction import begin, complete

RENAMED = TWO_CALLS.replace('name="call"', 'name="Ring up"').replace(
    '<bpmn:endEvent id="callEscalated">', '<bpmn:endEvent id="callEscalated" name="Told">'
)
WITHOUT_MEETING = (
    '<bpmn:startEvent id="begin" />'
    + step("call")
    + '<bpmn:endEvent id="won" />'
    + flows("begin>call", "call>won")
    + reminder_flows("call")
)


def version(office) -> int:
    with office.factory() as session:
        return latest_version(session, "twoCalls").id


def order(office, source, target, by="designer") -> UUID:
    with office.factory.begin() as session:
        return migration.begin(session, source, target, by=by, note="Naujas žingsnis").id


def sweep(office, times=1) -> None:
    for _ in range(times):
        migration.carry_on(office.factory)


def items(office, migration_id) -> dict[UUID, MigrationItem]:
    with office.factory() as session:
        found = select(MigrationItem).where(MigrationItem.migration_id == migration_id)
        return {item.instance_id: item for item in session.scalars(found)}


def phase(office, migration_id) -> str:
    with office.factory() as session:
        return session.get_one(Migration, migration_id).phase


def everything(office) -> list[object]:
    with office.factory() as session:
        return [
            session.execute(select(ProcessInstance.id, ProcessInstance.version_id)).all(),
            session.execute(select(ProcessInstance.state)).all(),
            session.execute(select(UserTask.id, UserTask.name, UserTask.draft)).all(),
            session.execute(select(Timer.id, Timer.due_at).order_by(Timer.id)).all(),
            session.execute(select(ProcessEvent.id, ProcessEvent.kind)).all(),
        ]


@pytest.fixture
def moved_on(office):
    """One case at the call, one at the meeting; then the meeting is taken out of the process."""
    calling, _ = begin(office)
    meeting, call = begin(office)
    complete(office, call, outcome="yes")
    first = version(office)
    publish(office.factory, office.folder, twoCalls=WITHOUT_MEETING)
    return calling, meeting, first, version(office)


def test_a_rehearsal_tells_who_can_move_and_why_the_others_can_not_and_changes_nothing(
    office, moved_on
):
    calling, meeting, first, second = moved_on
    before = everything(office)
    ordered = order(office, first, second)
    sweep(office)
    assert phase(office, ordered) == Phase.REHEARSED
    assert everything(office) == before
    found = items(office, ordered)
    assert found[calling].state == ItemState.FITS and found[meeting].state == ItemState.STAYS
    (obstacle,) = found[meeting].reason["obstacles"]
    assert (obstacle["element"], obstacle["why"]) == ("meet", "MISSING")


def test_what_becomes_otherwise_is_told_for_each_step(office):
    instance_id, _ = begin(office)
    first = version(office)
    publish(office.factory, office.folder, twoCalls=RENAMED)
    ordered = order(office, first, version(office))
    sweep(office)
    (change,) = items(office, ordered)[instance_id].changes
    assert (change["what"], change["element"]) == ("task", "call")
    assert (change["before"], change["after"]) == ({"name": "call"}, {"name": "Ring up"})


def test_chosen_cases_move_keep_drafts_and_timers_and_go_back(office, moved_on):
    calling, meeting, first, second = moved_on
    with office.factory.begin() as session:
        session.execute(
            UserTask.__table__.update().values(draft={"outcome": "no"}, assignee="jonas")
        )
    before = everything(office)
    ordered = order(office, first, second)
    sweep(office)
    with office.factory.begin() as session:
        assert migration.choose(session, ordered, by="manager", only=[calling, meeting]) == 1
    sweep(office)
    assert phase(office, ordered) == Phase.MOVED
    assert {key: item.state for key, item in items(office, ordered).items()} == {
        calling: ItemState.MOVED,
        meeting: ItemState.STAYS,
    }
    (task,) = open_tasks(office.factory, calling)
    assert (task.version_id, task.draft, task.assignee) == (second, {"outcome": "no"}, "jonas")
    with office.factory.begin() as session:
        assert migration.undo(session, ordered, by="manager") == 1
    sweep(office)
    assert phase(office, ordered) == Phase.UNDONE
    after = everything(office)
    for place in (0, 2, 3):
        assert sorted(map(str, after[place])) == sorted(map(str, before[place]))
    moves = [kind for _, kind in after[4] if kind == "instance-migrated"]
    assert len(moves) == 2


def test_a_case_that_went_on_is_not_taken_back_and_says_why(office, moved_on):
    calling, _meeting, first, second = moved_on
    ordered = order(office, first, second)
    sweep(office)
    with office.factory.begin() as session:
        migration.choose(session, ordered, by="designer")
    sweep(office)
    (task,) = open_tasks(office.factory, calling)
    complete(office, task.id, outcome="yes")
    with office.factory.begin() as session:
        migration.undo(session, ordered, by="designer")
    sweep(office)
    item = items(office, ordered)[calling]
    assert (item.state, item.reason["code"]) == (ItemState.KEPT, "instance-ended")


def test_many_cases_move_in_chunks_and_several_workers_move_each_once(office, monkeypatch):
    monkeypatch.setattr(migration.carrying_out, "CHUNK", 3)
    started = [begin(office)[0] for _ in range(8)]
    first = version(office)
    publish(office.factory, office.folder, twoCalls=RENAMED)
    ordered = order(office, first, version(office))
    sweep(office, 2)
    assert phase(office, ordered) == Phase.REHEARSING
    sweep(office)
    with office.factory.begin() as session:
        assert migration.choose(session, ordered, by="designer") == len(started)
    sweep(office, 3)
    assert phase(office, ordered) == Phase.MOVED
    with office.factory() as session:
        events = session.scalars(
            select(ProcessEvent.instance_id).where(ProcessEvent.kind == "instance-migrated")
        ).all()
    assert sorted(events) == sorted(started)


def test_refusals(office, moved_on):
    calling, meeting, first, second = moved_on
    with office.factory() as session:
        for by in ("jonas", "product"):
            with pytest.raises(NotAllowed):
                migration.begin(session, first, second, by=by)
        for wrong in ((first, first), (first, 999), (999, first)):
            with pytest.raises(VersionNotOfProcess):
                migration.begin(session, *wrong, by="designer")
    ordered = order(office, first, second)
    with office.factory.begin() as session, pytest.raises(migration.NotInThisPhase):
        migration.choose(session, ordered, by="designer")
    sweep(office)
    with office.factory.begin() as session:
        with pytest.raises(migration.NotInThisPhase):
            migration.undo(session, ordered, by="designer")
        with pytest.raises(NothingChosen):
            migration.choose(session, ordered, by="designer", only=[meeting])
        with pytest.raises(NotAllowed):
            migration.give_up(session, ordered, by="jonas")
    with office.factory.begin() as session:
        migration.give_up(session, ordered, by="manager")
    with office.factory.begin() as session, pytest.raises(migration.NotInThisPhase):
        migration.choose(session, ordered, by="designer", only=[calling])
    with office.factory() as session, pytest.raises(migration.MigrationNotFound):
        migration.undo(session, calling, by="designer")
