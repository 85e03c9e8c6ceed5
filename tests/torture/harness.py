"""Forks children, kills them, lets others take over, and keeps the ledger.

The harness itself has no threads and no open connection while it forks. A child is killed by itself
at a chosen fault point, or from outside at a random moment.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broker_crm import clock
from broker_crm import settings as environment
from broker_crm.db import connect, sessions
from tests.torture import aftermath, house, mailbox
from tests.torture.ledger import Ledger
from tests.torture.points import Points
from tests.torture.shift import Shift
from tests.torture.wall_clock import WallClock

MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
LANES = 3
"""Children at work at the same time."""
ACTIONS = 3
"""Of one child; a fatal point's own command comes first."""
PATIENCE = 60.0
"""Seconds after which a child counts as hanging."""


@dataclass
class Report:
    """What came of it."""

    kills: int = 0
    at_points: Counter[str] = field(default_factory=Counter)
    points: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    survivors: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    """Fatal points that their child did not come to."""
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def as_dict(self) -> dict[str, object]:
        return {
            "kills": self.kills,
            "kills_at_points": sum(self.at_points.values()),
            "points": len(self.points),
            "points_killed_at": len(self.at_points),
            "answers": dict(self.answers),
            "survivors": self.survivors,
            "points_per_command": dict(
                sorted(Counter(each.partition(":")[0] for each in self.points).items())
            ),
            "seconds": round(self.seconds),
            "kills_per_s": round(self.kills / self.seconds, 1) if self.seconds else None,
            "wrong": self.wrong[:20],
        }


@dataclass
class _Child:
    pid: int
    pipe: int
    target: str | None
    dies_at: float | None
    began: float


class Harness:
    """Torments one database.

    Args:
        url: of an empty, migrated database.
        folder: for files.
        seed: of all dice.
    """

    def __init__(self, url: str, folder: Path, seed: int) -> None:
        self.url = url
        self.folder = folder
        self.chance = random.Random(seed)
        self.clock = WallClock(MONDAY)
        self.report = Report()
        self.ledger = Ledger(folder / "accepted.txt")
        self.ledger.noted.touch()
        self._children: list[_Child] = []
        self._engine = connect(url)
        self._settings = environment.load({})

    def torment(self, kills: int, rest_after: int) -> Report:
        """Kill so often, checking after each part; then finish every case and check again.

        Args:
            kills: how many at least.
            rest_after: kills until the first check; parts grow with the database.
        """
        began = time.monotonic()
        with mailbox.running(self.ledger.noted) as smtp_url, clock.use(self.clock):
            self._settings = environment.load({"DATABASE_URL": self.url, "SMTP_URL": smtp_url})
            self._practise()
            while self.report.kills < kills and not self.report.wrong:
                part = max(rest_after, self.report.kills // 8)
                self._kill_until(min(kills, self.report.kills + part))
                self._rest_and_check()
            if not self.report.wrong:
                self._finish_and_check()
        self.report.seconds = time.monotonic() - began
        return self.report

    def _practise(self) -> None:
        """Furnish the house and work a while, so that children are born with warm caches."""
        house.furnish(sessions(self._engine), self.folder / "office")
        read, write = os.pipe()
        self._shift(Points(None, 0), random.Random(self.chance.random()), write).work(80)
        os.close(write)
        self._note(self._all_of(read))
        self._engine.dispose()
        gc.freeze()

    def _shift(self, points: Points, dice: random.Random, pipe: int) -> Shift:
        return Shift(self._engine, self._settings, dice, points, pipe)

    def _kill_until(self, kills: int) -> None:
        while self.report.kills < kills and not self.report.wrong:
            while len(self._children) < LANES:
                self._children.append(self._fork())
            self._look_after_children()
            time.sleep(0.0005)
        while self._children:
            self._look_after_children()
            time.sleep(0.0005)

    def _fork(self) -> _Child:
        target, occurrence, delay = self._plan()
        overnight = self.chance.random() < (0.4 if target and target.startswith("sweep") else 0.05)
        self.clock.advance(
            timedelta(seconds=self.chance.uniform(5, 20), hours=9 if overnight else 0)
        )
        dice = random.Random(self.chance.getrandbits(64))
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            code = 1
            try:
                points = Points(target, occurrence)
                points.install(self._engine)
                self._shift(points, dice, write).work(ACTIONS)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        os.close(write)
        now = time.monotonic()
        return _Child(pid, read, target, now + delay if delay is not None else None, now)

    def _plan(self) -> tuple[str | None, int, float | None]:
        """A point that was seldom hit, a random moment, or to let the child live and look."""
        throw = self.chance.random()
        if throw < 0.05 or not self.report.points:
            return None, 0, None
        if throw < 0.75:
            seldom = sorted(self.report.points)
            self.chance.shuffle(seldom)
            target = min(seldom, key=self._weight)
            return target, self.chance.choice((1, 1, 1, 2)), None
        return None, 0, self.chance.uniform(0.005, 0.06)

    def _weight(self, point: str) -> float:
        return self.report.at_points[point] + self.report.missed[point] / 2

    def _look_after_children(self) -> None:
        for child in list(self._children):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._children.remove(child)
                self._bury(child, status)
                continue
            now = time.monotonic()
            if child.dies_at is not None and now > child.dies_at:
                os.kill(child.pid, signal.SIGKILL)
                child.dies_at = None
            elif now - child.began > PATIENCE:
                self.report.wrong.append(f"A child hangs; its point was {child.target}.")
                os.kill(child.pid, signal.SIGKILL)

    def _bury(self, child: _Child, status: int) -> None:
        self._note(self._all_of(child.pipe))
        if os.WIFSIGNALED(status):
            self.report.kills += 1
            if child.target is not None:
                self.report.at_points[child.target] += 1
        elif os.WEXITSTATUS(status):
            self.report.wrong.append("A child failed by itself; its error is above.")
        else:
            self.report.survivors += 1
            self.report.missed[child.target or ""] += 1

    def _all_of(self, pipe: int) -> bytes:
        told = b""
        while part := os.read(pipe, 65536):
            told += part
        os.close(pipe)
        return told

    def _note(self, told: bytes) -> None:
        for line in told.splitlines():
            answer = json.loads(line)
            if answer["what"] == "reached":
                self.report.points |= answer["points"].keys()
            else:
                self.report.answers[answer["what"]] += 1
                self.ledger.answers.append(answer)

    def _rest_and_check(self) -> None:
        """Nobody acts for a month, a worker does what is due; then everything must agree."""
        aftermath.rest(sessions(self._engine), self._settings, self.clock)
        self._check()
        self._engine.dispose()

    def _finish_and_check(self) -> None:
        """Every case comes to its end."""
        factory = sessions(self._engine)
        self.report.wrong += aftermath.carry_on(factory, self._settings)
        self._check()
        self._engine.dispose()

    def _check(self) -> None:
        with sessions(self._engine)() as session:
            self.report.wrong += self.ledger.wrong(session)
        print(f"{self.report.kills} kills, {len(self.report.wrong)} wrong", file=sys.stderr)
