"""Files of anybody: findings within seconds, never a crash, never a hang."""

from __future__ import annotations

import random
import time
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from broker_crm.cli import commands
from broker_crm.definitions import checking, checking_child
from broker_crm.definitions.bundle import arrange
from broker_crm.definitions.findings import Severity
from broker_crm.definitions.lint import lint_folder
from broker_crm.definitions.models import ResourceKind
from tests.definitions.copies import ROOT
from tests.definitions.drawn import DIAGRAM, FORM, FORM_FILE, small, small_files
from tests.engine.diagrams import diagram, flows, user_task

START, END = '<bpmn:startEvent id="s" name="S" />', '<bpmn:endEvent id="e" name="E" />'
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8))
    + b"]><x>&i;</x>"
)
NAMES = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "\u202egnp.exe")


def chain(length: int) -> bytes:
    body = START + "".join(user_task(f"t{n}") for n in range(length)) + END
    links = ["s>t0", *(f"t{n}>t{n + 1}" for n in range(length - 1)), f"t{length - 1}>e"]
    return diagram(body + flows(*links))


def gateway_loop(length: int) -> bytes:
    """Gateways that lead only to one another."""
    ring = "".join(f'<bpmn:exclusiveGateway id="g{n}" name="?" />' for n in range(length))
    links = ["s>g0", *(f"g{n}>g{(n + 1) % length}" for n in range(length))]
    return diagram(START + ring + END + flows(*links))


def cyclic_calls() -> bytes:
    call = '<bpmn:callActivity id="c" name="C" calledElement="demo" />'
    return diagram(START + call + END + flows("s>c", "c>e"))


def condition(expression: str) -> bytes:
    gateway = '<bpmn:exclusiveGateway id="g" name="?" default="g-e" />'
    body = START + gateway + user_task("a") + END
    return diagram(body + flows("s>g", f"g>a: {expression}", "g>e", "a>e"))


HOSTILE = {
    "entity bomb": BOMB,
    "six megabytes": small().replace(b"</bpmn:process>", b" " * 6_000_000 + b"</bpmn:process>"),
    "deep": b"<a>" * 5_000 + b"</a>" * 5_000,
    "600 tasks in a row": chain(600),
    "calls itself": cyclic_calls(),
    "expression without end": condition("=" + "for i in 1..99999999 return " * 6 + "1"),
    "deep expression": condition("=" + "(" * 20_000 + "1" + ")" * 20_000),
    "huge expression": condition('="' + "a" * 300_000 + '" = "b"'),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_diagram_is_refused_within_seconds_with_a_reason(name: str) -> None:
    began = time.process_time()
    findings = lint_folder(arrange({(ResourceKind.DIAGRAM, "x.bpmn"): HOSTILE[name]}))
    assert time.process_time() - began < 10
    errors = [each for each in findings if each.severity is Severity.ERROR]
    if name == "calls itself":
        return
    assert errors and all(each.problem and each.mend for each in errors), name


def test_gateways_in_a_ring_are_judged() -> None:
    began = time.process_time()
    lint_folder(arrange({(ResourceKind.DIAGRAM, "x.bpmn"): gateway_loop(300)}))
    assert time.process_time() - began < 10


def test_the_command_line_refuses_them_too(tmp_path: Path) -> None:
    (tmp_path / "bpmn").mkdir()
    (tmp_path / "bpmn/x.bpmn").write_bytes(BOMB)
    result = CliRunner().invoke(commands, ["lint", str(tmp_path), "--json"])
    assert result.exit_code == 1 and '"rule": "doctype"' in result.output


def test_the_child_gives_the_same_findings_and_is_used_again() -> None:
    broken = {**small_files(), DIAGRAM: small().replace(b'formId="ask"', b'formId="gone"')}
    here = lint_folder(arrange(broken))
    assert checking.check(broken) == here
    assert checking.check(broken)[0].problem.template == here[0].problem.template
    child = checking._child()
    assert checking.check(small_files()) == [] and checking._child() is child


def test_a_check_that_takes_too_long_is_stopped_and_the_next_one_works() -> None:
    began = time.monotonic()
    findings = checking.check({DIAGRAM: chain(600)}, patience=0.02)
    assert [each.rule for each in findings] == ["limits"]
    assert time.monotonic() - began < 60
    assert checking.check(small_files()) == []


def test_a_linter_that_fails_says_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_folder: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr(checking_child, "lint_folder", fail)
    severity, file, rule, problem, *_rest = orjson.loads(checking_child._answer([]))[0]
    assert (severity, file, rule) == ("error", "bpmn", "check-failed")
    assert problem["values"]["error"] == "KeyError"


def test_who_does_not_wait_may_ask_again() -> None:
    checking.stop()
    with pytest.raises(checking.StillChecking):
        checking.check({DIAGRAM: chain(500)}, wait=0.01)
    broken = {**small_files(), DIAGRAM: small().replace(b'formId="ask"', b'formId="gone"')}
    assert checking.check(broken) == lint_folder(arrange(broken))


@pytest.mark.parametrize("name", NAMES)
def test_markup_in_names_stays_a_name(name: str) -> None:
    escaped = name.replace("<", "&lt;").replace('"', "&quot;")
    findings = lint_folder(arrange({**small_files(), DIAGRAM: small(task=escaped)}))
    assert [each for each in findings if each.severity is Severity.ERROR] == []


OURS = sorted((ROOT / "bpmn").glob("*.bpmn"))
PIECES = [b"<", b">", b'"', b"&", b"=", b"id", b"bpmn:", b"\x00", b"\xff", "ė".encode(), b"]]>"]


@given(st.randoms(use_true_random=False), st.sampled_from(OURS))
@effort(max_examples=25)
def test_random_changes_of_our_diagrams_give_findings_and_nothing_else(
    chance: random.Random, path: Path
) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(content))
        if chance.random() < 0.4:
            lines = content.split(b"\n")
            one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
            lines[one], lines[other] = lines[other], lines[one]
            content = bytearray(b"\n".join(lines))
        elif chance.random() < 0.5:
            del content[at : at + chance.randint(1, 60)]
        else:
            content[at:at] = chance.choice(PIECES)
    files = {(ResourceKind.DIAGRAM, path.name): bytes(content)}
    for finding in lint_folder(arrange(files)):
        assert finding.problem and finding.rule


@given(st.just(FORM_FILE), st.randoms(use_true_random=False))
@effort(max_examples=40)
def test_random_changes_of_forms_give_findings_and_nothing_else(
    start: bytes, chance: random.Random
) -> None:
    content = bytearray(start)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(content))
        content[at : at + chance.randint(0, 5)] = chance.choice([*PIECES, b"null", b"1e999", b"[]"])
    lint_folder(arrange({**small_files(), FORM: bytes(content)}))
