"""Workers tell that they live, whatever other workers do to the same rows."""

from __future__ import annotations

import threading
import time

from sqlalchemy import delete, select

from broker_crm import heartbeat
from broker_crm.db import connect, sessions
from broker_crm.heartbeat import Heartbeat

WORKER = "worker crm-2:7"


def test_a_worker_beats_while_another_forgets_it(postgres_url: str) -> None:
    engine = connect(postgres_url)
    factory = sessions(engine)
    heartbeat.beat(factory, WORKER)
    failed: list[BaseException] = []

    def beat() -> None:
        try:
            heartbeat.beat(factory, WORKER)
        except BaseException as error:
            failed.append(error)

    beating = threading.Thread(target=beat)
    with factory.begin() as session:
        session.execute(delete(Heartbeat).where(Heartbeat.part == WORKER))
        beating.start()
        time.sleep(0.5)
    beating.join()
    with factory() as session:
        assert not failed
        assert session.scalars(select(Heartbeat.part)).all() == [WORKER]
    engine.dispose()
