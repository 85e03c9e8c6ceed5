"""What is to be simulated: process, version, changes; readable from an address and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from broker_crm.analysis.simulation.scenarios import Change, ChangeRefused, read_changes

USUAL, FEWEST, MOST = 40, 5, 400
"""Replications."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One simulation.

    Attributes:
        process: key of the process.
        version: number of the version as things are; None for the one in use.
        changes: that are tried.
        replications: quarters on each side.
    """

    process: str
    version: int | None = None
    changes: tuple[Change, ...] = ()
    replications: int = USUAL

    @property
    def query(self) -> str:
        """As it stands in an address."""
        pairs = [("process", self.process)]
        if self.version is not None:
            pairs.append(("version", str(self.version)))
        pairs += [("change", each.text) for each in self.changes]
        if self.replications != USUAL:
            pairs.append(("replications", str(self.replications)))
        return urlencode(pairs)


def read_settings(pairs: Iterable[tuple[str, str]]) -> Settings:
    """Settings from the pairs of an address.

    Raises:
        ChangeRefused: a change or a number can't be read.
    """
    told = [(name, text.strip()) for name, text in pairs if text.strip()]
    one = dict(told)
    version = one.get("version", "")
    replications = _whole(one.get("replications", str(USUAL)))
    if not FEWEST <= replications <= MOST:
        raise ChangeRefused("replications", one["replications"])
    return Settings(
        one.get("process", ""),
        _whole(version) if version else None,
        read_changes([text for name, text in told if name == "change"]),
        replications,
    )


def read_query(query: str) -> Settings:
    """Settings from what `Settings.query` wrote."""
    return read_settings(parse_qsl(query))


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise ChangeRefused("number", text)
    return int(text)
