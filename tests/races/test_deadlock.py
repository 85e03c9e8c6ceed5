"""PostgreSQL breaks a deadlock by failing one transaction: that command is simply run again."""

from __future__ import annotations

import threading

from sqlalchemy import func, select, update
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
    assert len(tries) == 3
    engine.dispose()
