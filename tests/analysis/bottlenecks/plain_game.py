"""A diagram played by hand: one random run at a time, and all runs tried one after another to see
whether any gives a wanted sequence. Shares nothing with the product but the reading of the file."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.dialect import Element

MOST_MOVES = 400
MOST_TRIED = 40_000
MOST_TOKENS = 9


@dataclass(frozen=True)
class At:
    """A token: on the way into an element by a flow, or waiting there."""

    element: str
    flow: str = ""
    waits: bool = False
    scope: tuple[int, ...] = ()


class Game:
    """The rules of one diagram."""

    def __init__(self, process: CompiledProcess) -> None:
        self.process = process
        self.elements = process.elements

    def out(self, element: str) -> list[tuple[str, str]]:
        return [(f.id, f.target) for f in self.process.flows.values() if f.source == element]

    def into(self, element: str) -> set[str]:
        return {f.id for f in self.process.flows.values() if f.target == element}

    def start(self, process: str) -> str:
        return next(
            each.id
            for each in self.elements.values()
            if each.type == "startEvent" and each.process_id == process
        )

    def events(self, host: str) -> list[Element]:
        """Events at the boundary of a step, without those that only remind."""
        return [
            each
            for each in self.elements.values()
            if each.attached_to == host and (each.interrupting or self._matters(each.id, set()))
        ]

    def _matters(self, element: str, seen: set[str]) -> bool:
        if element in seen:
            return False
        seen.add(element)
        found = self.elements[element]
        if found.type == "userTask" or found.event == "terminate":
            return True
        return any(self._matters(target, seen) for _flow, target in self.out(element))


def walk(game: Game, chance: random.Random) -> list[str] | None:
    """The steps of a random run from start to end; None where it went on for too long."""
    tokens = [At(game.start(game.process.key))]
    path: list[str] = []
    scopes = 0
    for _move in range(MOST_MOVES):
        if not tokens:
            return path
        ready = [token for token in tokens if not _stuck(game, token, tokens)]
        ready = [token for token in ready if _at_once(game, token)] or ready
        token = chance.choice(ready)
        element = game.elements[token.element]
        if element.type == "intermediateCatchEvent" and len(ready) > 1 and chance.random() < 0.97:
            continue
        tokens.remove(token)
        if element.type == "userTask" and not token.waits:
            tokens.append(At(element.id, waits=True, scope=token.scope))
            continue
        if element.type == "subProcess" and not token.waits:
            scopes += 1
            inner = (*token.scope, scopes)
            tokens.append(At(element.id, waits=True, scope=inner))
            many = chance.randrange(0, 4) if element.multi_instance else 1
            tokens += [At(game.start(element.id), scope=inner) for _each in range(many)]
            continue
        if element.type == "parallelGateway" and len(game.into(element.id)) > 1:
            for flow in game.into(element.id) - {token.flow}:
                tokens.remove(next(t for t in tokens if (t.element, t.flow) == (element.id, flow)))
        interrupting = [each for each in game.events(element.id) if each.interrupting]
        beside = [each for each in game.events(element.id) if not each.interrupting]
        scope = token.scope[:-1] if element.type == "subProcess" else token.scope
        if token.waits and beside and chance.random() < 0.2:
            event = chance.choice(beside)
            tokens += [token, *(At(t, f, scope=scope) for f, t in game.out(event.id))]
            continue
        if token.waits and interrupting and chance.random() < 0.15:
            event = chance.choice(interrupting)
            if element.type == "subProcess":
                tokens = [t for t in tokens if t.scope[: len(token.scope)] != token.scope]
            tokens += [At(t, f, scope=scope) for f, t in game.out(event.id)]
            continue
        if element.type == "userTask":
            path.append(element.id)
        if element.type == "endEvent" and element.event == "terminate":
            if not scope:
                return path
            tokens = [t for t in tokens if t.scope[: len(scope)] != scope or t.waits]
            continue
        onward = [At(t, f, scope=scope) for f, t in game.out(element.id)]
        if element.type in ("exclusiveGateway", "eventBasedGateway"):
            onward = [chance.choice(onward)]
        tokens += onward
    return None


def _at_once(game: Game, token: At) -> bool:
    """What waits for nobody happens before anything else does, as in the engine."""
    element = game.elements[token.element]
    waits = element.type == "userTask" and token.waits
    return not waits and element.type != "intermediateCatchEvent"


def _stuck(game: Game, token: At, tokens: list[At]) -> bool:
    element = game.elements[token.element]
    if element.type == "parallelGateway":
        there = {each.flow for each in tokens if each.element == element.id}
        return there != game.into(element.id)
    if element.type == "subProcess" and token.waits:
        depth = len(token.scope)
        return any(t.scope[:depth] == token.scope and t is not token for t in tokens)
    return False


def allows(game: Game, path: Sequence[str]) -> bool | None:
    """Whether any run gives this sequence: each way is tried, deepest first; None if too many."""
    seen: set[tuple[int, tuple[At, ...]]] = set()
    waiting = [(0, (At(game.start(game.process.key)),))]
    while waiting:
        place, tokens = waiting.pop()
        tokens = tuple(sorted(tokens, key=repr))
        if (place, tokens) in seen or len(tokens) > MOST_TOKENS:
            continue
        if len(seen) > MOST_TRIED:
            return None
        seen.add((place, tokens))
        if not tokens and place == len(path):
            return True
        for step, onward in _moves(game, tokens):
            if step is None:
                waiting.append((place, onward))
            elif place < len(path) and path[place] == step:
                waiting.append((place + 1, onward))
    return False


def _moves(game: Game, tokens: tuple[At, ...]) -> Iterator[tuple[str | None, tuple[At, ...]]]:
    """Every single move: the step that it completes, if any, and the tokens afterwards."""
    free = [token for token in dict.fromkeys(tokens) if not _stuck(game, token, list(tokens))]
    for token in [token for token in free if _at_once(game, token)][:1] or free:
        rest = list(tokens)
        rest.remove(token)
        element = game.elements[token.element]
        if element.type == "userTask" and not token.waits:
            yield None, (*rest, At(element.id, waits=True, scope=token.scope))
            continue
        if element.type == "subProcess" and not token.waits:
            inner = (*token.scope, 1 + sum(map(len, (t.scope for t in tokens))))
            for many in range(5) if element.multi_instance else (1,):
                starts = [At(game.start(element.id), scope=inner)] * many
                yield None, (*rest, At(element.id, waits=True, scope=inner), *starts)
            continue
        scope = token.scope[:-1] if element.type == "subProcess" else token.scope
        if token.waits:
            for event in game.events(element.id):
                onward = [At(t, f, scope=scope) for f, t in game.out(event.id)]
                if not event.interrupting:
                    yield None, (*tokens, *onward)
                    continue
                left = rest
                if element.type == "subProcess":
                    left = [t for t in rest if t.scope[: len(token.scope)] != token.scope]
                yield None, (*left, *onward)
        step = element.id if element.type == "userTask" else None
        if element.type == "endEvent" and element.event == "terminate":
            left = [t for t in rest if scope and (t.scope[: len(scope)] != scope or t.waits)]
            yield None, tuple(left)
            continue
        if element.type == "parallelGateway" and len(game.into(element.id)) > 1:
            for flow in game.into(element.id) - {token.flow}:
                rest.remove(next(t for t in rest if (t.element, t.flow) == (element.id, flow)))
        onward = [At(t, f, scope=scope) for f, t in game.out(element.id)]
        if element.type in ("exclusiveGateway", "eventBasedGateway"):
            for each in onward:
                yield step, (*rest, each)
        else:
            yield step, (*rest, *onward)
