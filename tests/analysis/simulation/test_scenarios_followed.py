"""What the engine did in the product's own scenarios, over its diagrams, lies on the graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker_crm.analysis.ledger import ledger
from broker_crm.analysis.simulation.traces import follows, traces
from broker_crm.analysis.simulation.versions import published_model, version_of
from broker_crm.definitions.bundle import Bundle, read_folder
from broker_crm.scenarios import acting, casting
from broker_crm.scenarios.reading import read_file
from broker_crm.scenarios.scenario import Look
from broker_crm.scenarios.stage import opened

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "bpmn" / "scenarios").glob("*/*.json"))


@pytest.fixture(scope="module")
def shipped() -> list[Bundle]:
    """The processes of the product's own folder."""
    return read_folder(ROOT)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_same_choices_give_the_same_steps(shipped: list[Bundle], file: Path) -> None:
    scenario = read_file(file)
    with opened(shipped, scenario.begins) as stage:
        with stage.factory.begin() as session:
            instance_id = casting.begin(session, scenario)
        acting.work(stage)
        for number, act in enumerate(scenario.steps):
            if not isinstance(act.what, Look):
                acting.act(stage, instance_id, act, f"steps[{number}]")
        with stage.factory() as session, ledger(session) as columns:
            model = published_model(session, version_of(session, scenario.process, None))
            trace = traces(columns, [instance_id.hex])[instance_id.hex]
    assert follows(model, trace)
    steps = [each for each in trace if each.kind == "task-completed"]
    if len(steps) > 1:
        assert not follows(model, [each for each in trace if each is not steps[0]])
