"""The faults still fit the product: each text is there once, and each test exists."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.sabotage.faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_can_be_planted_and_has_a_test_that_must_notice(fault: Fault) -> None:
    whole = (ROOT / fault.file).read_text()
    assert whole.count(fault.find) == 1
    ast.parse(whole.replace(fault.find, fault.put))
    file, _, name = fault.test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text() if name else (ROOT / file).exists()


def test_every_fault_has_a_name_of_its_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 25
