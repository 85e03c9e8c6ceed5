"""The token game of BPMN for `structured` processes: what must be open, by another road.

Written from the standard's text (OMG BPMN 2.0.2, §13), not from any engine.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

FLOW = re.compile(r'sourceRef="(\w+)" targetRef="(\w+)"')
KIND = re.compile(r"[a-z]+")
TIMER = timedelta(hours=1)


@dataclass
class Token:
    """A step that is open.

    Attributes:
        name: of the step.
        loop: how often the step has been reached.
        scope: number of the subprocess run that it is in; 0 outside.
        rings: instant of its boundary timer, None when there is none or it has rung.
    """

    name: str
    loop: int
    scope: int
    rings: datetime | None


class TokenGame:
    """Plays one instance.

    Args:
        body: the inside of a process, as `structured.Writer` makes it.
        now: instant of the start.
    """

    def __init__(self, body: str, now: datetime) -> None:
        self._flows = FLOW.findall(body)
        self._inside: dict[str, str] = {}
        for name in re.findall(r'<bpmn:subProcess id="(\w+)">', body):
            following = body.partition(f'<bpmn:subProcess id="{name}">')[2]
            found = re.search(r'startEvent id="(\w+)"', following)
            assert found is not None
            self._inside[name] = found[1]
        self._timed = set(re.findall(r'attachedToRef="(\w+)"', body))
        self._now = now
        self._outcome = "on"
        self._visits: Counter[str] = Counter()
        self._arrived: Counter[tuple[str, int, str]] = Counter()
        self._scopes: dict[int, tuple[str, int]] = {}
        self.open: list[Token] = []
        self._leave("begin", 0)
        self._settle()

    @property
    def finished(self) -> bool:
        return not self.open

    def standing(self) -> list[tuple[str, int]]:
        """Open steps with their loop numbers, sorted."""
        return sorted((token.name, token.loop) for token in self.open)

    def complete(self, name: str, loop: int, outcome: str) -> None:
        token = next(each for each in self.open if (each.name, each.loop) == (name, loop))
        self.open.remove(token)
        self._outcome = outcome
        self._leave(name, token.scope)
        self._settle()

    def pass_time(self, now: datetime) -> None:
        """Let every boundary timer ring that is due."""
        self._now = now
        for token in list(self.open):
            if token.rings is not None and token.rings <= now:
                token.rings = None
                self._leave(f"{token.name}B", token.scope)
        self._settle()

    def _leave(self, node: str, scope: int) -> None:
        targets = [target for source, target in self._flows if source == node]
        if node.startswith("ask"):
            wanted = "merge" if self._outcome == "again" else "out"
            targets = [target for target in targets if target.startswith(wanted)]
        for target in targets:
            self._arrive(target, node, scope)

    def _arrive(self, node: str, source: str, scope: int) -> None:
        found = KIND.match(node)
        assert found is not None
        kind = found[0]
        if kind in ("task", "side") and not node.endswith("E"):
            self._visits[node] += 1
            rings = self._now + TIMER if node in self._timed else None
            self.open.append(Token(node, self._visits[node], scope, rings))
        elif kind == "join":
            self._join(node, source, scope)
        elif kind == "sub":
            inner = len(self._scopes) + 1
            self._scopes[inner] = (node, scope)
            self._leave(self._inside[node], inner)
        elif kind in ("merge", "out", "ask", "fork"):
            self._leave(node, scope)

    def _join(self, node: str, source: str, scope: int) -> None:
        self._arrived[node, scope, source] += 1
        sources = [each for each, target in self._flows if target == node]
        if all(self._arrived[node, scope, each] for each in sources):
            for each in sources:
                self._arrived[node, scope, each] -= 1
            self._leave(node, scope)

    def _settle(self) -> None:
        """A subprocess is over when no token is left in it."""
        for scope in sorted(self._scopes, reverse=True):
            if scope in self._scopes and not self._occupied(scope):
                name, outer = self._scopes[scope]
                self._scopes[scope] = ("", outer)
                if name:
                    self._leave(name, outer)
                    self._settle()
                    return

    def _occupied(self, scope: int) -> bool:
        within = {scope}
        for inner in sorted(self._scopes):
            if self._scopes[inner][1] in within and self._scopes[inner][0]:
                within.add(inner)
        return any(token.scope in within for token in self.open)
