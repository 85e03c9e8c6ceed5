"""What the simulation knows of one case before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from broker_crm.sample.catalogue import BY_KEY, Offered
from broker_crm.sample.chance import stream

Values = dict[str, object]
"""What a person enters into a form."""


@dataclass(frozen=True, slots=True)
class SampleCase:
    """A case to come.

    Attributes:
        key: process and number, such as 'sale-17'; its streams of chance bear it.
        process: id of the BPMN process.
        product: key of the product, where the case has one.
        letter: 'A' or 'B', the version of the intro letter that the client gets.
        traits: further facts, such as those of the policy that is renewed.
    """

    key: str
    process: str
    client_id: int
    kind: str = "legal"
    vip: bool = False
    sector: str | None = None
    email: str | None = None
    language: str = "lt"
    owner: str = "jonas"
    product: str | None = None
    letter: str = "A"
    traits: Mapping[str, object] = field(default_factory=dict)

    @property
    def offered(self) -> Offered:
        """The product with its standard terms."""
        return BY_KEY[self.product or ""]

    def chance(self, *what: object) -> Random:
        """A stream of its own for one thing in the case."""
        return stream(self.key, *what)
