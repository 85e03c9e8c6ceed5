"""The published files, read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from broker_crm.definitions.bundle import Bundle, read_folder
from broker_crm.scenarios.performing import Performance, perform
from broker_crm.scenarios.reading import read

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def shipped() -> list[Bundle]:
    """The processes of the product's own folder."""
    return read_folder(ROOT)


@pytest.fixture
def live(shipped: list[Bundle]) -> Any:
    """Live a scenario through on the product's own processes."""

    def through(*steps: object, **told: object) -> Performance:
        return perform(shipped, read({**sale(*steps), **told}))

    return through


def sale(*steps: object) -> dict[str, Any]:
    """A sale to an invented company."""
    return {
        "process": "new-client-sale",
        "name": "bandymas",
        "begins": "2026-03-02T09:00",
        "client": {"kind": "legal"},
        "product": "liability",
        "steps": list(steps),
    }


INTRO = {
    "do": "intro-letter",
    "values": {
        "introLetterOutcome": "send",
        "letterLanguage": "lt",
        "recipientEmail": "bandymas@klientas.example",
    },
}
