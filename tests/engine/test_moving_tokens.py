"""A token goes only where the process can still end, whatever its shape: tried on random ones."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest

from broker_crm import clock
from broker_crm.engine import commands as engine
from broker_crm.engine import steering
from broker_crm.engine.definition import CompiledProcess
from tests.engine.diagrams import around, compiled
from tests.engine.structured import Writer

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LONGEST = 200
"""Steps after which a process that always goes on must have ended."""


class Play:
    """One state of an instance: its open steps, and what completing one leads to."""

    def __init__(self, process: CompiledProcess, state: bytes, standing: dict[UUID, str]) -> None:
        self.process = process
        self.state = state
        self.standing = standing

    @classmethod
    def begin(cls, process: CompiledProcess) -> Play:
        state, made = engine.start(process, {"outcome": "on"}, around())
        return cls(process, state, {task.id: task.element_id for task in made.created})

    def after(self, state: bytes, made: engine.Transition) -> Play:
        gone = {*made.cancelled, *(task.id for task in made.completed)}
        kept = {key: name for key, name in self.standing.items() if key not in gone}
        opened = {task.id: task.element_id for task in made.created}
        return Play(self.process, state, {**kept, **opened})

    def complete(self, task_id: UUID, outcome: str) -> Play:
        values = {"outcome": outcome}
        return self.after(*engine.complete(self.process, self.state, task_id, values, around()))

    def moved(self) -> list[tuple[str, str, Play]]:
        """Every move that is allowed now: from, to, and where it leads."""
        found = []
        for source in self.standing:
            for place in steering.places(self.process, self.state, source, around()):
                if place.why_not is None:
                    left, state, made = steering.put(
                        self.process, self.state, source, place.element_id, around()
                    )
                    found.append((left, place.element_id, self.after(state, made)))
        return found


def ends(play: Play) -> str | None:
    """None when the process ends after a while, else what is wrong with it."""
    for _ in range(LONGEST):
        if not play.standing:
            return None
        twice = [
            name
            for name, count in Counter(play.standing.values()).items()
            if count > 1 and name.startswith("task")
        ]
        if twice:
            return f"{twice} is open twice"
        play = play.complete(min(play.standing), "on")
    return f"it does not end: {play.standing}"


@pytest.mark.parametrize("seed", range(12))
def test_after_every_move_that_is_allowed_the_process_still_ends(seed: int) -> None:
    chance = random.Random(seed)
    process = compiled(Writer(chance).process(3))
    with clock.use(clock.SimulatedClock(NOW)):
        play = Play.begin(process)
        for _ in range(12):
            if not play.standing:
                break
            moves = play.moved()
            for left, target, moved in chance.sample(moves, min(6, len(moves))):
                assert ends(moved) is None, (left, target, play.standing)
            if moves and chance.random() < 0.3:
                play = chance.choice(moves)[2]
            else:
                task_id = chance.choice(sorted(play.standing))
                play = play.complete(task_id, chance.choice(("on", "on", "again")))
