"""A case on its way through a model: where it stops, and what the choices of others lead to.

The walk knows no time and no chance. Who walks it says which outcome a step had, which flow an open
gateway takes and which event came first; the same choices give the same path as in the engine.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Protocol

from broker_crm.analysis.simulation.model import Does, Key, Model, Node


class Choices(Protocol):
    """What is decided outside the diagram."""

    def one(self, walk: Walk, node: Node, key: Key, visit: int) -> str:
        """The flow that an open exclusive gateway takes."""

    def some(self, walk: Walk, node: Node, key: Key, visit: int) -> list[str]:
        """The flows that an inclusive gateway takes, one at least."""

    def count(self, walk: Walk, node: Node, visit: int) -> int:
        """For how many something is done that is done for each."""


@dataclass(slots=True, eq=False)
class Scope:
    """The case itself, or one passage through a subprocess.

    Attributes:
        group: the passage that it belongs to; None for the case.
        values: outcomes by variable.
        tokens: on their way, stopped, or waiting for others to join.
        gone: ended from outside.
        joining: by gateway, arrivals by where they came from.
    """

    group: Group | None = None
    values: dict[str, str] = field(default_factory=dict)
    tokens: int = 0
    gone: bool = False
    joining: dict[str, Counter[str]] = field(default_factory=dict)

    def value(self, name: str) -> str | None:
        """Of a variable, here or around."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.group.around if scope.group else None
        return None

    def within(self, other: Scope) -> bool:
        """Is it the other, or inside it?"""
        scope: Scope | None = self
        while scope is not None:
            if scope is other:
                return True
            scope = scope.group.around if scope.group else None
        return False


@dataclass(slots=True, eq=False)
class Group:
    """Passages through a subprocess, or repetitions of a step, that belong together."""

    node: Node
    around: Scope
    left: int
    waiting: int = 0
    """That have not begun, because they are done one after another."""
    guards: list[Stop] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)
    steps: list[Stop] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Stop:
    """Something that the case waits for.

    Attributes:
        node: a step, a wait, a gateway that waits for the first event, or a boundary event.
        scope: in which it waits.
        visit: for the how-manieth time the case is there, from 1.
        group: for which a boundary event stands; for a step, its repetitions.
        alive: whether it is still waited for.
    """

    node: Node
    scope: Scope
    visit: int
    group: Group | None = None
    guard: bool = False
    alive: bool = True


class Walk:
    """One case.

    Args:
        model: of the version that it runs on.
        choices: decide what the diagram leaves open.
    """

    __slots__ = (
        "_choices",
        "_fresh",
        "_queue",
        "case",
        "ending",
        "model",
        "over",
        "stops",
        "trace",
        "visits",
    )

    def __init__(self, model: Model, choices: Choices) -> None:
        self.model = model
        self._choices = choices
        self._queue: deque[tuple[str, Scope, str]] = deque()
        self._fresh: list[Stop] = []
        self.case = Scope()
        self.visits: dict[str, int] = {}
        self.stops: list[Stop] = []
        self.trace: list[str] = []
        """Steps in the order in which they came up."""
        self.ending: tuple[str, str] | None = None
        """Outcome and meaning that the diagram recorded last."""
        self.over = False

    def begin(self) -> list[Stop]:
        """Start; what the case then waits for."""
        self._send(self.model.start, self.case, "")
        return self._settle()

    def finish(self, stop: Stop, choice: str | None = None) -> list[Stop]:
        """Let something happen that the case waits for.

        Args:
            stop: that is alive.
            choice: outcome of a step; for a gateway that waits, the flow of the first event.

        Returns:
            What it waits for in addition now; what it no longer waits for is not alive.
        """
        if stop.guard:
            self._guard(stop)
            return self._settle()
        stop.alive = False
        scope, node = stop.scope, stop.node
        if node.does is Does.STEP and choice is not None:
            scope.values[node.element.outcome_variable] = choice
        group = stop.group
        if group is not None:
            group.left -= 1
            if group.waiting:
                group.waiting -= 1
                self._open(node, scope, group)
                return self._settle()
            if group.left:
                return self._settle()
            self._drop(group.guards)
        if node.does is Does.FIRST:
            target = next(flow.target for flow in node.flows if flow.id == choice)
            self._pass(self.model.nodes[target], scope)
        else:
            self._leave(node, scope)
        return self._settle()

    # -- moving on -----------------------------------------------------------------------------

    def _settle(self) -> list[Stop]:
        while True:
            while self._queue and not self.over:
                target, scope, source = self._queue.popleft()
                if not scope.gone:
                    self._arrive(self.model.nodes[target], scope, source)
            if self.over or not self._join_some():
                break
        self.stops = [stop for stop in self.stops if stop.alive]
        fresh = [stop for stop in self._fresh if stop.alive]
        self._fresh = []
        return fresh

    def _send(self, target: str, scope: Scope, source: str) -> None:
        scope.tokens += 1
        self._queue.append((target, scope, source))

    def _arrive(self, node: Node, scope: Scope, source: str) -> None:
        does = node.does
        if does is Does.ALL or (does is Does.SOME and len(self.model.sources[node.id]) > 1):
            if does is Does.ALL and not self._joined(node, scope, source):
                return
            if does is Does.SOME:
                scope.joining.setdefault(node.id, Counter())[source] += 1
                return
        if does is Does.STEP:
            self._step(node, scope)
        elif does is Does.WAIT or does is Does.FIRST:
            self._stop(node, scope)
        elif does is Does.INSIDE:
            self._enter(node, scope)
        elif does is Does.STOP:
            self._visit(node)
            self._end_all(scope)
        else:
            self._pass(node, scope)

    def _pass(self, node: Node, scope: Scope) -> None:
        visit = self._visit(node)
        if node.ending is not None:
            self.ending = node.ending
        if node.does is Does.END:
            self._consume(scope)
        elif node.does is Does.ONE and len(node.flows) > 1:
            self._take(node, scope, [self._one(node, scope, visit)])
        elif node.does is Does.SOME and len(node.flows) > 1:
            chosen = self._choices.some(self, node, self._key(node, scope), visit)
            self._take(node, scope, chosen)
        else:
            self._leave(node, scope)

    def _one(self, node: Node, scope: Scope, visit: int) -> str:
        key = self._key(node, scope)
        found = self.model.decide(node, key) if node.decided else None
        return found or self._choices.one(self, node, key, visit)

    def _key(self, node: Node, scope: Scope) -> Key:
        return tuple([scope.value(name) for name in node.asked])

    def _take(self, node: Node, scope: Scope, flows: list[str]) -> None:
        scope.tokens -= 1
        for flow in node.flows:
            if flow.id in flows:
                self._send(flow.target, scope, node.id)
        self._look(scope)

    def _leave(self, node: Node, scope: Scope) -> None:
        scope.tokens -= 1
        for flow in node.flows:
            self._send(flow.target, scope, node.id)
        self._look(scope)

    def _consume(self, scope: Scope) -> None:
        scope.tokens -= 1
        self._look(scope)

    def _look(self, scope: Scope) -> None:
        """Nothing left to do in a scope means that it is over."""
        if scope.tokens or scope.gone:
            return
        scope.gone = True
        group = scope.group
        if group is None:
            self.over = True
            return
        if not group.node.many:
            group.around.values.update(scope.values)
        self._come_out(group)

    def _visit(self, node: Node) -> int:
        visit = self.visits.get(node.id, 0) + 1
        self.visits[node.id] = visit
        return visit

    # -- joining -------------------------------------------------------------------------------

    def _joined(self, node: Node, scope: Scope, source: str) -> bool:
        sources = self.model.sources[node.id]
        if len(sources) < 2:
            return True
        arrived = scope.joining.setdefault(node.id, Counter())
        arrived[source] += 1
        if any(not arrived[each] for each in sources):
            return False
        for each in sources:
            arrived[each] -= 1
        scope.tokens -= len(sources) - 1
        return True

    def _join_some(self) -> bool:
        """Let an inclusive gateway go on for which nothing more can come; False when none can."""
        scopes = {id(stop.scope): stop.scope for stop in self.stops if stop.alive}
        scopes[id(self.case)] = self.case
        for scope in scopes.values():
            for place, arrived in scope.joining.items():
                node = self.model.nodes[place]
                count = sum(arrived.values())
                if node.does is not Does.SOME or not count or self._may_come(node, scope):
                    continue
                arrived.clear()
                scope.tokens -= count - 1
                self._pass(node, scope)
                return True
        return False

    def _may_come(self, node: Node, scope: Scope) -> bool:
        before = self.model.reaches[node.id]
        return any(
            stop.alive and stop.node.id in before and stop.scope is scope for stop in self.stops
        )

    # -- stopping ------------------------------------------------------------------------------

    def _stop(self, node: Node, scope: Scope, group: Group | None = None) -> Stop:
        stop = Stop(node, scope, self._visit(node), group)
        self.stops.append(stop)
        self._fresh.append(stop)
        return stop

    def _open(self, node: Node, scope: Scope, group: Group) -> None:
        self.trace.append(node.id)
        group.steps.append(self._stop(node, scope, group))

    def _step(self, node: Node, scope: Scope) -> None:
        count = self._choices.count(self, node, self._next(node)) if node.many else 1
        if not count:
            self._leave(node, scope)
            return
        at_once = 1 if node.sequential else count
        group = Group(node, scope, count, count - at_once)
        for _ in range(at_once):
            self._open(node, scope, group)
        self._watch(node, scope, group)

    def _watch(self, node: Node, scope: Scope, group: Group) -> None:
        for each in node.guards:
            guard = self._stop(self.model.nodes[each], scope, group)
            guard.guard = True
            group.guards.append(guard)

    def _next(self, node: Node) -> int:
        return self.visits.get(node.id, 0) + 1

    # -- subprocesses --------------------------------------------------------------------------

    def _enter(self, node: Node, scope: Scope) -> None:
        visit = self._visit(node)
        count = self._choices.count(self, node, visit) if node.many else 1
        start = self.model.starts.get(node.element.called_process or node.id)
        if not count or start is None:
            self._leave(node, scope)
            return
        at_once = 1 if node.sequential else count
        group = Group(node, scope, count, count - at_once)
        self._watch(node, scope, group)
        for _ in range(at_once):
            self._go_in(group, start)

    def _go_in(self, group: Group, start: str) -> None:
        inside = Scope(group)
        group.scopes.append(inside)
        self._send(start, inside, "")

    def _come_out(self, group: Group) -> None:
        group.left -= 1
        if group.waiting:
            group.waiting -= 1
            self._go_in(
                group, self.model.starts[group.node.element.called_process or group.node.id]
            )
        elif not group.left:
            self._drop(group.guards)
            self._leave(group.node, group.around)

    # -- ending early --------------------------------------------------------------------------

    def _guard(self, stop: Stop) -> None:
        group, node = stop.group, stop.node
        assert group is not None
        stop.alive = False
        if node.element.interrupting:
            self._drop(group.guards)
            self._drop(group.steps)
            for scope in group.scopes:
                self._cancel(scope)
        else:
            stop.scope.tokens += 1
        self._pass(node, stop.scope)

    def _end_all(self, scope: Scope) -> None:
        self._cancel(scope)
        if scope.group is None:
            self.over = True
        else:
            self._come_out(scope.group)

    def _cancel(self, scope: Scope) -> None:
        scope.gone = True
        self._drop([stop for stop in self.stops if stop.scope.within(scope)])
        for target, inner, source in list(self._queue):
            if inner.within(scope):
                self._queue.remove((target, inner, source))

    def _drop(self, stops: list[Stop]) -> None:
        for stop in stops:
            stop.alive = False
