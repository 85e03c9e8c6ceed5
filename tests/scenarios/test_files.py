"""Every scenario beside the processes is kept by the processes as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker_crm.definitions.bundle import Bundle
from broker_crm.scenarios.performing import perform
from broker_crm.scenarios.reading import read_file

FILES = sorted((Path(__file__).parents[2] / "bpmn" / "scenarios").glob("*/*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_scenario_is_kept(file: Path, shipped: list[Bundle]) -> None:
    performed = perform(shipped, read_file(file))
    assert performed.problem is None, str(performed.problem)
    assert [str(each) for each in performed.verdicts if not each.kept] == []
    assert performed.verdicts and performed.coverage is not None
    assert performed.coverage.percent > 0


def test_each_process_for_clients_has_two_scenarios() -> None:
    names = [file.parent.name for file in FILES]
    wanted = ("new-client-sale", "renewal", "up-sell", "cross-sell", "campaign-recipient")
    assert all(names.count(process) >= 2 for process in (*wanted, "complaint"))
