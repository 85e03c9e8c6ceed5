"""Experiments: arms drawn with the start, nothing twice, nothing lost; who may do what."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from scipy import stats
from sqlalchemy import event, func, select

from broker_crm import process
from broker_crm.definitions.published import latest_version
from broker_crm.process import experiments
from broker_crm.process.errors import NotAllowed
from broker_crm.process.experiments import (
    Arm,
    Decision,
    Expected,
    Experiment,
    ExperimentAssignment,
    ExperimentRefused,
    Plan,
    PlanRefused,
    State,
)
from broker_crm.process.experiments.arms import block_size, hashed, in_block
from broker_crm.process.models import ProcessEvent, ProcessInstance

from .office import MONDAY, TWO_CALLS, open_tasks, publish
from .test_start_events import BY_MESSAGE, MESSAGE, instances

SEED = "a-seed-of-the-tests"
EXPECTED = Expected(0.3, 0.46, 200, 4.0, 400)


def versions(office):
    """Versions 1 and 2 of the process, by number."""
    publish(
        office.factory,
        office.folder,
        twoCalls=TWO_CALLS.replace('name="call"', 'name="Ring up"'),
    )
    with office.factory() as session:
        newest = latest_version(session, "twoCalls").id
    return newest - 1, newest


def wanted(office, **changes):
    a, b = changes.pop("versions", None) or versions(office)
    plan = Plan(
        process_key="twoCalls",
        name="Ring up first",
        hypothesis="People answer the telephone sooner than letters",
        version_a_id=a,
        version_b_id=b,
        measure="won",
        horizon_days=10,
        smallest_difference=0.1,
    )
    return replace(plan, **changes)


def planned(office, expected=EXPECTED, by="designer", **changes):
    with office.factory.begin() as session:
        plan = wanted(office, **changes)
    with office.factory.begin() as session:
        return experiments.plan(session, plan, expected, by=by, seed=SEED).id


def running(office, expected=EXPECTED, **changes):
    made = planned(office, expected, **changes)
    with office.factory.begin() as session:
        experiments.start_experiment(session, made, by="designer")
    return made


def begin(office, case=None, **more):
    with office.factory.begin() as session:
        return process.start(session, "twoCalls", {}, by="jonas", case=case, **more).instance.id


def arms(office):
    """Arms by instance."""
    with office.factory() as session:
        found = session.execute(select(ExperimentAssignment.instance_id, ExperimentAssignment.arm))
        return dict(found.all())


def state(office, experiment_id):
    with office.factory() as session:
        return session.get_one(Experiment, experiment_id)


def first_versions(office):
    with office.factory() as session:
        found = session.execute(select(ProcessInstance.id, ProcessInstance.first_version_id))
        return dict(found.all())


@pytest.mark.parametrize("share", [5, 20, 50, 75])
def test_a_hash_gives_b_its_share_of_thousands(share):
    n = 8000
    hits = sum(hashed(SEED, f"case:{number}", share) is Arm.B for number in range(n))
    low, high = stats.binom.ppf([0.0005, 0.9995], n, share / 100)
    assert low <= hits <= high


def test_two_experiments_draw_independently():
    same = sum(
        hashed("one", f"client:{n}", 50) is hashed("two", f"client:{n}", 50) for n in range(4000)
    )
    low, high = stats.binom.ppf([0.0005, 0.9995], 4000, 0.5)
    assert low <= same <= high


@pytest.mark.parametrize("share", range(5, 100, 5))
def test_every_block_has_exactly_the_share(share):
    size = block_size(share)
    assert 4 <= size <= 20
    for block in range(30):
        drawn = [in_block(SEED, "s", block * size + place, share) for place in range(size)]
        assert drawn.count(Arm.B) * 100 == size * share
    orders = {
        tuple(in_block(SEED, "s", block * size + place, share) for place in range(size))
        for block in range(30)
    }
    assert len(orders) > 2


def test_a_case_starts_on_the_version_of_its_arm_and_its_history_tells(office):
    a, b = versions(office)
    made = running(office, versions=(a, b))
    begun = [begin(office) for _ in range(30)]
    drawn = arms(office)
    assert set(drawn) == set(begun) and set(drawn.values()) == {"a", "b"}
    started_on = first_versions(office)
    for each in begun:
        assert started_on[each] == (b if drawn[each] == "b" else a)
        assert drawn[each] == hashed(SEED, f"case:{each.hex}", 50)
    with office.factory() as session:
        told = session.execute(
            select(ProcessEvent.instance_id, ProcessEvent.value).where(
                ProcessEvent.kind == "experiment-assigned"
            )
        ).all()
    assert {each.instance_id: each.value for each in told} == {
        each: {"experiment": str(made), "arm": drawn[each]} for each in begun
    }


def test_a_chosen_version_is_in_no_experiment(office):
    a, b = versions(office)
    running(office, versions=(a, b))
    chosen = begin(office, version_id=b)
    assert chosen not in arms(office) and first_versions(office)[chosen] == b


def test_messages_and_timers_start_through_the_same_place(office):
    from broker_crm.process.start_events import begin as begin_by_event

    running(office)
    with office.factory.begin() as session:
        made = begin_by_event(session, "twoCalls", {}).instance.id
    assert made in arms(office)


def test_one_client_always_gets_the_same_arm(office):
    running(office, unit="client")
    with office.factory.begin() as session:
        from broker_crm.crm.models import Client

        clients = [
            Client(kind="legal", name=f"UAB {n}", search_name=f"uab {n}", created_at=MONDAY)
            for n in range(8)
        ]
        session.add_all(clients)
        session.flush()
        ids = [each.id for each in clients]
    for _round in range(3):
        for client in ids:
            begin(office, process.CaseData("x", client_id=client))
    with office.factory() as session:
        told = session.execute(
            select(ExperimentAssignment.unit_key, ExperimentAssignment.arm)
        ).all()
    assert len(told) == 24 and len(set(told)) == 8
    assert {arm for _unit, arm in told} == {"a", "b"}


def test_salespeople_are_shared_out_evenly(office):
    running(office, unit="salesperson")
    for owner in ("jonas", "ruta", "manager", "product") * 2:
        begin(office, process.CaseData("x", owner=owner))
    with office.factory() as session:
        told = set(
            session.execute(select(ExperimentAssignment.unit_key, ExperimentAssignment.arm)).all()
        )
    assert sorted(arm for _unit, arm in told) == ["a", "a", "b", "b"]


def test_segments_are_balanced(office):
    running(office, balanced=True)
    for number in range(24):
        begin(office, process.CaseData("x", segment=("small", "large", "rare")[number % 3]))
    with office.factory() as session:
        counted = session.execute(
            select(ExperimentAssignment.stratum, ExperimentAssignment.arm, func.count()).group_by(
                ExperimentAssignment.stratum, ExperimentAssignment.arm
            )
        ).all()
    assert {(each[0], each[1]): each[2] for each in counted} == {
        (segment, arm): 4 for segment in ("small", "large", "rare") for arm in "ab"
    }


@pytest.mark.parametrize("balanced", [False, True])
def test_starts_at_once_are_all_assigned_once(office, balanced):
    made = running(office, balanced=balanced)
    together, wrong = threading.Barrier(8), []

    def work():
        together.wait()
        try:
            for _ in range(4):
                begin(office)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not wrong
    drawn = list(arms(office).values())
    assert len(drawn) == 32
    if balanced:
        assert drawn.count("b") == 16
    assert state(office, made).state == State.RUNNING


def test_nobody_is_assigned_after_a_pause_that_came_between(office):
    """The pause waits for the start that has drawn, and the next start sees the pause."""
    made = running(office)
    drew, paused = threading.Event(), threading.Event()

    def pause():
        drew.wait()
        with office.factory.begin() as session:
            experiments.pause(session, made, "holidays", by="manager")
        paused.set()

    other = threading.Thread(target=pause)
    other.start()
    with office.factory.begin() as session:
        first = process.start(session, "twoCalls", {}, by="jonas").instance.id
        drew.set()
        assert not paused.wait(0.3)
    other.join()
    second = begin(office)
    assert first in arms(office) and second not in arms(office)
    assert first_versions(office)[second] == state(office, made).version_a_id


def test_a_start_that_fails_leaves_no_assignment(office):
    running(office)
    with pytest.raises(RuntimeError), office.factory.begin() as session:
        process.start(session, "twoCalls", {}, by="jonas")
        raise RuntimeError
    assert arms(office) == {}


def test_the_sample_is_not_exceeded_and_the_rest_takes_a(office):
    made = running(office, replace(EXPECTED, needed=6))
    begun = [begin(office) for _ in range(9)]
    assert set(arms(office)) == set(begun[:6])
    a = state(office, made).version_a_id
    assert {first_versions(office)[each] for each in begun[6:]} == {a}


def test_nobody_enters_after_the_last_day(office):
    running(office, ends_on=date(2026, 11, 25))
    first = begin(office)
    office.clock.advance(timedelta(days=2))
    last = begin(office)
    office.clock.advance(timedelta(days=1))
    begin(office)
    assert set(arms(office)) == {first, last}


def test_a_new_version_published_meanwhile_waits(office):
    a, b = versions(office)
    made = running(office, versions=(a, b))
    publish(office.factory, office.folder, twoCalls=TWO_CALLS.replace('name="meet"', 'name="See"'))
    begun = [begin(office) for _ in range(12)]
    assert {first_versions(office)[each] for each in begun} == {a, b}
    with office.factory.begin() as session:
        ended = experiments.end(
            session, made, Decision.UNDECIDED, "", by="manager", keep_newer=True
        )
        assert ended.decided_version_id == b + 1
    after = begin(office)
    assert first_versions(office)[after] == b + 1


@pytest.mark.parametrize(("decision", "again"), [("a", True), ("b", False), ("undecided", True)])
def test_new_cases_take_what_was_decided(office, decision, again):
    a, b = versions(office)
    made = running(office, versions=(a, b))
    with office.factory.begin() as session:
        experiments.end(session, made, Decision(decision), "so it is", by="manager")
    with office.factory() as session:
        newest = latest_version(session, "twoCalls")
        told = session.get_one(Experiment, made)
        assert (newest.id == b + 1) == again
        assert newest.content_hash == session.get_one(type(newest), a if again else b).content_hash
        assert told.decided_version_id == newest.id and told.decision_note == "so it is"
    case = begin(office)
    assert case not in arms(office) and first_versions(office)[case] == newest.id


def test_a_migrated_case_counts_as_assigned(office):
    a, b = versions(office)
    running(office, versions=(a, b))
    case = next(each for each in (begin(office) for _ in range(30)) if arms(office)[each] == "b")
    with office.factory.begin() as session:
        process.migrate(session, case, a, by="manager")
    assert arms(office)[case] == "b"


def test_one_experiment_of_a_process_at_a_time(office):
    both = versions(office)
    running(office, versions=both)
    second = planned(office, versions=both)
    with (
        pytest.raises(ExperimentRefused, match="another-runs"),
        office.factory.begin() as session,
    ):
        experiments.start_experiment(session, second, by="designer")
    assert state(office, second).state == State.DRAFT


def test_of_two_started_at_once_one_runs(office):
    both = versions(office)
    drafts = [planned(office, versions=both) for _ in range(2)]
    together, refused = threading.Barrier(2), []

    def start(draft):
        together.wait()
        try:
            with office.factory.begin() as session:
                experiments.start_experiment(session, draft, by="designer")
        except ExperimentRefused as refusal:
            refused.append(refusal.code)

    threads = [threading.Thread(target=start, args=(each,)) for each in drafts]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert refused == ["another-runs"]
    assert sorted(state(office, each).state for each in drafts) == ["draft", "running"]


def test_what_is_not_in_the_state_for_it_is_refused(office):
    made = planned(office)
    refused = {
        "not-running": lambda session: experiments.pause(session, made, "", by="manager"),
        "not-paused": lambda session: experiments.resume(session, made, by="manager"),
        "not-to-decide": lambda session: experiments.end(
            session, made, Decision.A, "", by="manager"
        ),
    }
    for code, act in refused.items():
        with pytest.raises(ExperimentRefused, match=code), office.factory.begin() as session:
            act(session)
    with office.factory.begin() as session:
        experiments.start_experiment(session, made, by="manager")
    for act in (experiments.start_experiment, experiments.discard):
        with pytest.raises(ExperimentRefused, match="not-draft"), office.factory.begin() as session:
            act(session, made, by="manager")


def test_a_plan_names_what_is_wrong_with_it(office):
    a, b = versions(office)
    for changes, problems in [
        ({"name": " "}, {"name": "missing"}),
        ({"versions": (a, a)}, {"version_b_id": "same-content"}),
        ({"versions": (a, 999)}, {"version_b_id": "unknown"}),
        ({"share_b": 33}, {"share_b": "share"}),
        ({"measure": "luck"}, {"measure": "unknown"}),
        ({"measure": "conversion"}, {"step": "missing"}),
        ({"measure": "conversion", "step": "s" * 500}, {"step": "unknown"}),
        ({"measure": "conversion", "step": "call", "looks": 0}, {"looks": "looks"}),
        ({"horizon_days": 0}, {"horizon_days": "horizon"}),
        ({"smallest_difference": 1.5}, {"smallest_difference": "difference"}),
        ({"looks": 9}, {"looks": "looks"}),
        ({"harm_stop": True}, {"harm_stop": "needs-looks"}),
        ({"unit": "client", "balanced": True}, {"balanced": "needs-cases"}),
        ({"ends_on": date(2026, 11, 23)}, {"ends_on": "past"}),
        ({"compared": "letter", "template_key": "intro"}, {"template_key": "unknown"}),
    ]:
        with pytest.raises(PlanRefused) as refusal:
            planned(office, **{"versions": (a, b), **changes})
        assert refusal.value.problems == problems
    with pytest.raises(PlanRefused) as refusal:
        planned(office, replace(EXPECTED, needed=0), versions=(a, b))
    assert refusal.value.problems == {"measure": "no-past-cases"}


def test_who_may_plan_and_who_may_start(office):
    from broker_crm.people.models import Role

    from .office import add_user

    with office.factory.begin() as session:
        add_user(session, "analyst", Role.ANALYST)
    both = versions(office)
    with pytest.raises(NotAllowed):
        planned(office, by="jonas", versions=both)
    made = planned(office, by="analyst", versions=both)
    for login in ("analyst", "jonas", "product"):
        with pytest.raises(NotAllowed), office.factory.begin() as session:
            experiments.start_experiment(session, made, by=login)
    with office.factory.begin() as session:
        experiments.start_experiment(session, made, by="manager")
    with pytest.raises(NotAllowed), office.factory.begin() as session:
        experiments.end(session, made, Decision.A, "", by="analyst")


def test_the_first_steps_follow_the_arms_diagram(office):
    a, b = versions(office)
    running(office, versions=(a, b))
    for _ in range(12):
        case = begin(office)
        (task,) = open_tasks(office.factory, case)
        assert task.name == ("Ring up" if arms(office)[case] == "b" else "call")


def test_a_version_published_between_plan_and_start_may_be_kept(office):
    a, b = versions(office)
    made = planned(office, versions=(a, b))
    office.clock.advance(timedelta(days=1))
    publish(office.factory, office.folder, twoCalls=TWO_CALLS.replace('name="meet"', 'name="See"'))
    office.clock.advance(timedelta(days=1))
    with office.factory.begin() as session:
        experiments.start_experiment(session, made, by="manager")
    with office.factory() as session:
        newer = experiments.newer_version(session, session.get_one(Experiment, made))
        assert newer is not None and newer.id == b + 1
    with office.factory.begin() as session:
        experiments.end(session, made, Decision.A, "", by="manager", keep_newer=True)
    after = begin(office)
    assert first_versions(office)[after] == b + 1


def test_without_an_experiment_a_start_asks_once_for_its_version(office):
    statements = []
    begin(office)

    def note(*told):
        statements.append(told[2])

    event.listen(office.engine, "before_cursor_execute", note)
    begin(office)
    event.remove(office.engine, "before_cursor_execute", note)
    asked = [each for each in statements if "experiment" in each or "FROM process_version" in each]
    assert len(asked) == 1


def test_a_message_starts_what_begins_with_it_in_the_version_in_force(office):
    publish(office.factory, office.folder, MESSAGE, asking=BY_MESSAGE)
    publish(office.factory, office.folder, MESSAGE, asking=BY_MESSAGE.replace('"offer"', '"quote"'))
    with office.factory() as session:
        b = latest_version(session, "asking").id
    running(office, process_key="asking", versions=(b - 1, b))
    without = BY_MESSAGE.replace('<bpmn:messageEventDefinition messageRef="asked" />', "")
    publish(office.factory, office.folder, MESSAGE, asking=without)
    with office.factory() as session:
        assert latest_version(session, "asking").id == b + 1
    with office.factory.begin() as session:
        assert process.send_message(session, "offer-asked", "7", {}, by="jonas") == 1
    (started,) = instances(office, "asking")
    assert started.first_version_id in (b - 1, b) and started.id in arms(office)
