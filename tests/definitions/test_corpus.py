"""What `make corpus` counts: verdicts of files as an upload meets them, and checks that fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import corpus
from broker_crm.definitions import checking
from tests.definitions.drawn import small


def test_files_are_judged_and_a_failing_check_is_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrong.bpmn20.xml").write_bytes(small())
    (tmp_path / "refused.bpmn").write_bytes(b"<a>")
    (tmp_path / "left.txt").write_bytes(b"")
    judged = list(corpus.judge_folder(tmp_path, 2, seed=1))
    assert {each.name: each.verdict for each in judged} == {
        "wrong.bpmn20.xml": corpus.WRONG,
        "wrong.bpmn20.xml #0": corpus.WRONG,
        "wrong.bpmn20.xml #1": corpus.WRONG,
        "refused.bpmn": corpus.REFUSED,
    }
    assert corpus.report(judged)["crashes"] == 0

    def fail(_files: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr(checking, "check", fail)
    failed = corpus.judge_upload("wrong.bpmn", small())
    assert corpus.report([failed])["crashes"] == 1
