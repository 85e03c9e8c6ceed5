"""`make corpus`: the linter over many files that others drew, or over ours with faults put in.

`python -m bench.corpus FOLDER` takes each diagram, decision table and form of a folder the way an
upload does, and with `--copies` so many copies of each with faults in them. Without a folder, the
product's own files are judged with one to three faults in each.
Counts the findings by rule, and fails when the check itself failed, or took longer than 10 seconds.
The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.faults import faulty_copies, spoilt
from broker_crm.definitions import checking
from broker_crm.definitions.findings import Finding, Severity
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.places import FileKey
from broker_crm.definitions.workspace.acceptance import check_acceptable, check_name
from broker_crm.definitions.workspace.errors import FileUnacceptable, NameUnacceptable
from broker_crm.definitions.workspace.transfer import OTHER_DIAGRAM_ENDINGS, unpacked

ROOT = Path(__file__).parents[1]
ENDINGS = (".bpmn", *OTHER_DIAGRAM_ENDINGS, ".dmn", ".form")
TOO_LONG = 10.0
"""Seconds after which a designer would think that nothing happens any more."""
SLOWEST = 5
SOUND, WARNED, WRONG, REFUSED, FAILED = "sound", "warnings", "errors", "refused", "failed"


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one file."""

    name: str
    verdict: str
    findings: tuple[tuple[str, str], ...]
    """Severity and rule of each."""
    seconds: float
    reason: str = ""


def main() -> None:
    asked = argparse.ArgumentParser(prog="bench.corpus", description=__doc__.partition("\n")[0])
    asked.add_argument("folder", nargs="?", type=Path)
    asked.add_argument("--count", type=int, default=3_000, help="how many faulty copies of ours")
    asked.add_argument("--copies", type=int, default=0, help="faulty copies of each foreign file")
    asked.add_argument("--seed", type=int, default=1, help="of the faults")
    wanted = asked.parse_args()
    if wanted.folder is None:
        cases = (
            judge(name, key, files)
            for name, key, files in faulty_copies(ROOT, wanted.count, wanted.seed)
        )
    else:
        cases = judge_folder(wanted.folder, wanted.copies, wanted.seed)
    figures = report(cases)
    print(json.dumps(figures, ensure_ascii=False))
    if figures["crashes"] or figures["over_10_s"]:
        sys.exit(1)


def judge_folder(folder: Path, copies: int, seed: int) -> Iterator[Judged]:
    """Each file of the folder, then faulty copies of it, as far as it can be read at all."""
    chance = random.Random(seed)
    for path in _files(folder):
        name, content = str(path.relative_to(folder)), path.read_bytes()
        yield judge_upload(name, content)
        kind = ResourceKind.FORM if path.suffix == ".form" else ResourceKind.DIAGRAM
        for number in range(copies):
            try:
                faulty = spoilt(kind, content, chance)
            except ValueError:
                break
            yield judge_upload(f"{name} #{number}", faulty)


def judge_upload(name: str, content: bytes) -> Judged:
    """A file by itself, as if a designer had brought it into an empty workshop."""
    try:
        (arrived,) = unpacked([(Path(name.partition(" #")[0]).name, content)])
    except Exception as error:
        return Judged(name, FAILED, (), 0.0, repr(error))
    if arrived.key is None:
        return Judged(name, REFUSED, (("error", "kind"),), 0.0)
    return judge(name, arrived.key, {arrived.key: arrived.content})


def judge(name: str, key: FileKey, files: dict[FileKey, bytes]) -> Judged:
    """One file among the files that it may refer to."""
    began = time.perf_counter()
    try:
        check_name(key)
        check_acceptable(key, files[key])
        findings = checking.check(files)
    except NameUnacceptable:
        return Judged(name, REFUSED, (("error", "name"),), time.perf_counter() - began)
    except FileUnacceptable as error:
        return _judged(name, REFUSED, error.findings, time.perf_counter() - began)
    except Exception as error:
        return Judged(name, FAILED, (), time.perf_counter() - began, repr(error))
    return _judged(name, _verdict(findings), findings, time.perf_counter() - began)


def _verdict(findings: list[Finding]) -> str:
    if any(each.rule == "check-failed" for each in findings):
        return FAILED
    if any(each.severity is Severity.ERROR for each in findings):
        return WRONG
    return WARNED if findings else SOUND


def _judged(name: str, verdict: str, findings: list[Finding], seconds: float) -> Judged:
    rules = tuple((each.severity.value, each.rule) for each in findings)
    reason = findings[0].problem if verdict == FAILED else ""
    return Judged(name, verdict, rules, seconds, reason)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name.endswith(ENDINGS):
            yield path


def report(cases: Iterable[Judged]) -> dict[str, object]:
    """Print the tables; the same figures are given back."""
    judged = list(cases)
    verdicts = Counter(each.verdict for each in judged)
    found = Counter(rule for each in judged for rule in each.findings)
    in_files = Counter(rule for each in judged for rule in set(each.findings))
    slowest = sorted(judged, key=lambda each: -each.seconds)[:SLOWEST]
    failed = [each for each in judged if each.verdict == FAILED]
    long = [each for each in judged if _hung(each)]
    print(f"{len(judged)} files")
    for verdict in (SOUND, WARNED, WRONG, REFUSED, FAILED):
        print(f"{verdicts[verdict]:8}  {verdict}")
    print(f"\n{'findings':>8}  {'in files':>8}  rule")
    for (severity, rule), count in found.most_common():
        print(f"{count:8}  {in_files[severity, rule]:8}  {rule} ({severity})")
    print("\n seconds  slowest")
    for each in slowest:
        print(f"{each.seconds:8.2f}  {each.name}")
    for each in failed:
        print(f"failed: {each.name}: {each.reason}")
    for each in long:
        print(f"too long: {each.name}: {each.seconds:.1f} s")
    rules = Counter[str]()
    for (_severity, rule), count in found.items():
        rules[rule] += count
    return {
        "files": len(judged),
        **{verdict: verdicts[verdict] for verdict in (SOUND, WARNED, WRONG, REFUSED)},
        "findings": dict(rules.most_common()),
        "slowest_s": round(slowest[0].seconds, 2) if slowest else 0,
        "crashes": len(failed),
        "over_10_s": len(long),
    }


def _hung(case: Judged) -> bool:
    return case.seconds > TOO_LONG or any(rule == "limits" for _severity, rule in case.findings)


if __name__ == "__main__":
    main()
