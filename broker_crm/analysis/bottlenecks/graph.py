"""Which steps a diagram makes open after which: its gateways, loops and subprocesses as markings.

A marking is the sorted tuple of what waits in a case: tokens at steps, at joins with the flow that
they came by, and for subprocesses that are under way. Whatever happens without a person (gateways,
timers, messages, services) is silent: the diagram may take any of its ways. Of steps for each of
many, as many may be open as happen to be done; an inclusive join lets tokens go on when it likes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.dialect import Element

MOST = 20_000
"""Markings of one moment beyond which a diagram is too wide to follow."""
CHOICES = frozenset({"exclusiveGateway", "eventBasedGateway"})
JOINS = frozenset({"parallelGateway", "inclusiveGateway"})
CATCHING = frozenset({"intermediateCatchEvent", "receiveTask"})
SCOPES = frozenset({"subProcess", "callActivity"})


class TooWide(Exception):
    """The diagram has more ways at once than can be followed."""


@dataclass(frozen=True, slots=True, order=True)
class Token:
    """Something that waits.

    Attributes:
        kind: 'step', 'event' (that may come), 'join', 'scope', 'beside' (an event that interrupts
            nothing may have come, as often as it likes), or 'over' where all of a scope ends at
            once.
        element: of the step, event, gateway or subprocess; the process that is over.
        flow: by which it came to a join; 'error' or 'terminate' where a scope is over.
    """

    kind: str
    element: str
    flow: str = ""


Marking = tuple[Token, ...]


class Graph:
    """A compiled diagram as a game of tokens.

    Args:
        process: as it was published.
    """

    def __init__(self, process: CompiledProcess) -> None:
        self.key = process.key
        self.elements = process.elements
        self.steps = frozenset(process.user_tasks)
        self._out: dict[str, list[tuple[str, str]]] = {}
        self._in: dict[str, list[str]] = {}
        for flow in process.flows.values():
            self._out.setdefault(flow.source, []).append((flow.id, flow.target))
            self._in.setdefault(flow.target, []).append(flow.id)
        self._boundary: dict[str, list[Element]] = {}
        self._starts: dict[str, str] = {}
        for element in process.elements.values():
            if element.attached_to:
                self._boundary.setdefault(element.attached_to, []).append(element)
            if element.type == "startEvent":
                self._starts[element.process_id] = element.id
        self._parents = {
            self._inside(each): each.id for each in process.elements.values() if each.type in SCOPES
        }
        self._beside = {
            host: tuple(
                Token("beside", event.id)
                for event in events
                if not event.interrupting and self._leads_to_step(event.id)
            )
            for host, events in self._boundary.items()
        }
        self._ways: dict[tuple[str, str], frozenset[Marking]] = {}
        self._settle()

    def beginnings(self) -> frozenset[Marking]:
        """What may wait once a case has begun."""
        return self._ways[self._starts[self.key], ""]

    def silent(self, marking: Marking) -> Iterable[Marking]:
        """Markings that one silent move leads to."""
        over = next((each for each in marking if each.kind == "over"), None)
        if over is not None:
            yield from self._over(marking, over)
            return
        if marking and all(each.kind == "beside" for each in marking):
            yield ()
        for token in dict.fromkeys(marking):
            if token.kind == "beside":
                continue
            if token.kind == "join":
                yield from self._joined(marking, token)
            elif token.kind == "event":
                yield from self._after(_without(marking, token), token.element)
            else:
                yield from self._interrupted(marking, token)
                if token.kind == "scope" and not self._within(marking, token.element):
                    rest = self._clear(_without(marking, token), token.element)
                    yield from self._after(rest, token.element)

    def after(self, marking: Marking, step: str) -> Iterable[Marking]:
        """Markings after a step was completed; none where it can't be open."""
        if any(each.kind == "over" for each in marking):
            return
        token, repeated = Token("step", step), Token("scope", step)
        if token in marking:
            yield from self._after(_without(marking, token), step)
        if repeated in marking:
            yield marking
        for born in self._born(marking):
            if token in born:
                yield from self._after(_joined_with(marking, _without(born, token)), step)
            if repeated in born:
                yield _joined_with(marking, born)

    def _born(self, marking: Marking) -> Iterable[Marking]:
        """What may begin beside all that waits: one more of many, or what interrupts nothing."""
        for token in marking:
            element = self.elements.get(token.element)
            if token.kind == "beside":
                yield from self._ways[token.element, ""]
            elif token.kind == "scope" and element and _is_many(element):
                yield from self._ways[self._starts[self._inside(element)], ""]

    def _interrupted(self, marking: Marking, token: Token) -> Iterable[Marking]:
        for event in self._boundary.get(token.element, ()):
            if event.interrupting:
                rest = self._clear(_without(marking, token), token.element)
                yield from (_joined_with(rest, way) for way in self._ways[event.id, ""])
            else:
                for way in self._ways[event.id, ""]:
                    if any(each.kind == "over" for each in way):
                        yield _joined_with(marking, way)

    def _joined(self, marking: Marking, token: Token) -> Iterable[Marking]:
        gateway = self.elements[token.element]
        arrived = {
            each.flow for each in marking if each.kind == "join" and each.element == gateway.id
        }
        if gateway.type == "parallelGateway" and arrived != set(self._in[gateway.id]):
            return
        rest = marking
        for flow in arrived:
            rest = _without(rest, Token("join", gateway.id, flow))
        yield from (_joined_with(rest, way) for way in self._onward(gateway))

    def _over(self, marking: Marking, token: Token) -> Iterable[Marking]:
        if token.element == self.key:
            yield ()
            return
        host = self._parents[token.element]
        rest = self._clear(_without(_without(marking, token), Token("scope", host)), host)
        caught = [each for each in self._boundary.get(host, ()) if each.event == "error"]
        if token.flow == "error" and caught:
            for event in caught:
                yield from (_joined_with(rest, way) for way in self._ways[event.id, ""])
        else:
            yield from self._after(rest, host)

    def _after(self, rest: Marking, element: str) -> Iterable[Marking]:
        for way in self._onward(self.elements[element]):
            yield _joined_with(rest, way)

    def _within(self, marking: Marking, host: str) -> bool:
        return any(
            each.kind != "beside" and self._is_inside(each.element, host) for each in marking
        )

    def _clear(self, marking: Marking, host: str) -> Marking:
        return tuple(each for each in marking if not self._is_inside(each.element, host))

    def _is_inside(self, element: str, host: str) -> bool:
        current = self.elements.get(element)
        while current is not None:
            above = self._parents.get(current.process_id)
            if above == host:
                return True
            current = self.elements.get(above) if above else None
        return False

    @staticmethod
    def _inside(element: Element) -> str:
        """Id of the process whose elements a subprocess or call runs."""
        return element.called_process or element.id

    def _leads_to_step(self, event: str) -> bool:
        seen, waiting = {event}, [event]
        while waiting:
            name = waiting.pop()
            if self.elements[name].type in SCOPES | {"userTask"}:
                return True
            targets = {target for _flow, target in self._out.get(name, ())} - seen
            seen |= targets
            waiting.extend(targets)
        return False

    def _settle(self) -> None:
        """Ways onward from every element, until none is found any more."""
        arrivals = [
            (element.id, flow)
            for element in self.elements.values()
            for flow in (self._in.get(element.id) or [""])
        ]
        self._ways = dict.fromkeys(arrivals, frozenset())
        changed = True
        while changed:
            changed = False
            for place in arrivals:
                found = self._arriving(*place)
                if found != self._ways[place]:
                    if len(found) > MOST:
                        raise TooWide
                    self._ways[place] = found
                    changed = True

    def _arriving(self, name: str, flow: str) -> frozenset[Marking]:
        element = self.elements[name]
        beside = self._beside.get(name, ())
        if element.multi_instance:
            return frozenset({_union([(Token("scope", name),), beside])})
        if element.type == "userTask":
            return frozenset({_union([(Token("step", name),), beside])})
        if element.type in CATCHING:
            return frozenset({(Token("event", name),)})
        if element.type in SCOPES:
            inner = self._ways.get((self._starts.get(self._inside(element), ""), ""), frozenset())
            return frozenset(_union([(Token("scope", name),), beside, way]) for way in inner)
        if element.type in JOINS and len(self._in.get(name, ())) > 1:
            return frozenset({(Token("join", name, flow),)})
        return frozenset(self._onward(element))

    def _onward(self, element: Element) -> Iterable[Marking]:
        targets = [self._ways[target, flow] for flow, target in self._out.get(element.id, ())]
        if element.type == "endEvent" and element.event in ("terminate", "error"):
            return {(Token("over", element.process_id, element.event),)}
        if not targets:
            return {()}
        if element.type in CHOICES:
            return frozenset().union(*targets)
        if element.type == "inclusiveGateway":
            return {
                _union(way)
                for chosen in product((False, True), repeat=len(targets))
                if any(chosen)
                for way in product(
                    *(each for each, taken in zip(targets, chosen, strict=True) if taken)
                )
            }
        return {_union(way) for way in product(*targets)}


def _is_many(element: Element) -> bool:
    return element.multi_instance is not None and element.type in SCOPES


def _without(marking: Marking, token: Token) -> Marking:
    if token not in marking:
        return marking
    place = marking.index(token)
    return marking[:place] + marking[place + 1 :]


def _joined_with(marking: Marking, other: Marking) -> Marking:
    return _union((marking, other))


def _union(ways: Iterable[Marking]) -> Marking:
    """All tokens; of those for events beside, one each."""
    tokens = [token for way in ways for token in way]
    beside = {token for token in tokens if token.kind == "beside"}
    return tuple(sorted([*beside, *(each for each in tokens if each.kind != "beside")]))
