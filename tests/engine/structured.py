"""Random processes of nested blocks: sequences, choices, loops, parallel parts, subprocesses."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import pairwise

from tests.engine.diagrams import flows, properties, user_task


@dataclass
class Block:
    """A part with one way in and one way out.

    Attributes:
        elements: XML of its elements.
        wires: its flows, as `diagrams.flows` reads them.
        way_in: id of the first element.
        way_out: id of the last one.
    """

    elements: str
    wires: list[str]
    way_in: str
    way_out: str


@dataclass
class Writer:
    """Writes blocks by the dice.

    Args:
        chance: the dice.
    """

    chance: random.Random
    count: int = field(default=0)

    def process(self, depth: int) -> str:
        """The inside of a process."""
        block = self.block(depth)
        wires = [f"begin>{block.way_in}", *block.wires, f"{block.way_out}>end"]
        return (
            f'<bpmn:startEvent id="begin" />{block.elements}<bpmn:endEvent id="end" />'
            f"{flows(*wires)}"
        )

    def block(self, depth: int) -> Block:
        if depth == 0:
            return self._task()
        kinds = (self._task, self._sequence, self._loop, self._parallel, self._inside)
        kind = self.chance.choices(kinds, (1, 3, 3, 3, 1))[0]
        return kind() if kind == self._task else kind(depth - 1)

    def _name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def _task(self) -> Block:
        name = self._name("task")
        task = user_task(name, extensions=properties(step=name, standardWorkingDays="1"))
        wires: list[str] = []
        if self.chance.random() < 0.4:
            task += (
                f'<bpmn:boundaryEvent id="{name}B" attachedToRef="{name}" cancelActivity="false">'
                "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration>"
                f'</bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:endEvent id="{name}E" />'
            )
            if self.chance.random() < 0.5:
                side = self._name("side")
                task += user_task(side, extensions=properties(step=side, standardWorkingDays="1"))
                wires = [f"{name}B>{side}", f"{side}>{name}E"]
            else:
                wires = [f"{name}B>{name}E"]
        return Block(task, wires, name, name)

    def _sequence(self, depth: int) -> Block:
        parts = [self.block(depth) for _ in range(self.chance.choice((2, 3)))]
        wires = [wire for part in parts for wire in part.wires]
        wires += [f"{one.way_out}>{next_one.way_in}" for one, next_one in pairwise(parts)]
        elements = "".join(part.elements for part in parts)
        return Block(elements, wires, parts[0].way_in, parts[-1].way_out)

    def _loop(self, depth: int) -> Block:
        merge, ask, out = self._name("merge"), self._name("ask"), self._name("out")
        part = self.block(depth)
        elements = (
            f'<bpmn:exclusiveGateway id="{merge}" />{part.elements}'
            f'<bpmn:exclusiveGateway id="{ask}" default="{ask}-{out}" />'
            f'<bpmn:exclusiveGateway id="{out}" />'
        )
        wires = [
            f"{merge}>{part.way_in}",
            *part.wires,
            f"{part.way_out}>{ask}",
            f'{ask}>{merge}: =outcome = "again"',
            f"{ask}>{out}",
        ]
        return Block(elements, wires, merge, out)

    def _parallel(self, depth: int) -> Block:
        fork, join = self._name("fork"), self._name("join")
        parts = [self.block(depth) for _ in range(self.chance.choice((2, 3)))]
        elements = f'<bpmn:parallelGateway id="{fork}" /><bpmn:parallelGateway id="{join}" />'
        wires = []
        for part in parts:
            elements += part.elements
            wires += [f"{fork}>{part.way_in}", *part.wires, f"{part.way_out}>{join}"]
        return Block(elements, wires, fork, join)

    def _inside(self, depth: int) -> Block:
        name, begin, end = self._name("sub"), self._name("begin"), self._name("end")
        part = self.block(depth)
        wires = [f"{begin}>{part.way_in}", *part.wires, f"{part.way_out}>{end}"]
        inside = (
            f'<bpmn:startEvent id="{begin}" />{part.elements}<bpmn:endEvent id="{end}" />'
            f"{flows(*wires)}"
        )
        return Block(f'<bpmn:subProcess id="{name}">{inside}</bpmn:subProcess>', [], name, name)
