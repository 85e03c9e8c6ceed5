"""PostgreSQL breaks a deadlock or a connection: the command runs again, if it did not happen."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from broker_crm.db import connect, sessions
from broker_crm.people.models import Role, User
from broker_crm.process.transactions import Command, run_command
from tests.process.office import add_user


def test_of_two_commands_in_deadlock_both_succeed(postgres_url: str) -> None:
    engine = connect(postgres_url)
    factory = sessions(engine)
    with factory.begin() as session:
        add_user(session, "jonas", Role.SALESPERSON)
        add_user(session, "ruta", Role.SALESPERSON)
    both_hold_one = threading.Barrier(2, timeout=20)
    tries: list[str] = []

    def renames(first: str, second: str) -> None:
        waits = [True]

        def work(session: Session) -> None:
            tries.append(first)
            session.execute(update(User).where(User.login == first).values(name=first + second))
            if waits.pop() if waits else False:
                both_hold_one.wait()
            session.execute(update(User).where(User.login == second).values(name=first + second))

        run_command(factory, work, Command("complete", None))

    people = [
        threading.Thread(target=renames, args=pair)
        for pair in (("jonas", "ruta"), ("ruta", "jonas"))
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    with factory() as session:
        assert session.scalar(select(func.count(User.name.distinct()))) == 1
    assert len(tries) > 2
    engine.dispose()


def test_a_command_that_loses_its_connection_runs_again_on_another(postgres_url: str) -> None:
    engine = connect(postgres_url)
    factory = sessions(engine)
    with factory.begin() as session:
        add_user(session, "jonas", Role.SALESPERSON)
    tries: list[int] = []

    def work(session: Session) -> None:
        session.execute(update(User).values(name=User.name + "!"))
        tries.append(session.scalars(select(func.pg_backend_pid())).one())
        if len(tries) == 1:
            with engine.connect() as other:
                other.execute(select(func.pg_terminate_backend(tries[0])))
        session.scalars(select(User.name)).all()

    run_command(factory, work, Command("complete", None))
    with factory() as session:
        assert session.scalar(select(User.name)) == "Jonas!"
    assert len(set(tries)) == 2
    engine.dispose()


def test_a_command_whose_connection_is_lost_in_the_commit_is_not_run_twice(
    postgres_url: str,
) -> None:
    engine = connect(postgres_url)
    factory = sessions(engine)
    with factory.begin() as session:
        add_user(session, "jonas", Role.SALESPERSON)
    tries: list[int] = []

    def work(session: Session) -> None:
        session.execute(update(User).values(name=User.name + "!"))
        tries.append(session.scalars(select(func.pg_backend_pid())).one())

    def cut(_session: Session) -> None:
        with engine.connect() as other:
            other.execute(select(func.pg_terminate_backend(tries[-1])))

    event.listen(factory, "before_commit", cut)
    with pytest.raises(OperationalError):
        run_command(factory, work, Command("complete", None))
    assert len(tries) == 1
    engine.dispose()
