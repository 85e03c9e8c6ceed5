"""What the linter finds, in the words of a compiler: place, problem, mend."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

from broker_crm.engine.dialect import Element
from broker_crm.engine.errors import Refusal

OF_THE_CHECK = frozenset({"limits", "check-failed"})
"""Rules of findings on the check itself, which concern whatever file was asked about."""


class Severity(StrEnum):
    ERROR = "error"
    """Publishing is refused."""
    WARNING = "warning"
    """Publishing goes on."""


@dataclass(frozen=True, slots=True)
class Finding:
    severity: Severity
    file: str
    rule: str
    problem: str
    mend: str
    element_id: str | None = None
    element_name: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        element = f" {self.element_id}" if self.element_id else ""
        name = f" “{self.element_name}”" if self.element_name else ""
        return f"{place}:{element}{name} {self.severity}: {self.problem} {self.mend} [{self.rule}]"

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "severity": str(self.severity)}


def refused(refusal: Refusal) -> Finding:
    """An error of the engine as a finding."""
    return Finding(
        Severity.ERROR,
        refusal.file,
        refusal.rule,
        refusal.problem,
        refusal.mend,
        refusal.element_id,
        refusal.element_name,
        refusal.line,
    )


def error_at(element: Element, rule: str, problem: str, mend: str) -> Finding:
    """An error of one element."""
    return _at(Severity.ERROR, element, rule, problem, mend)


def warning_at(element: Element, rule: str, problem: str, mend: str) -> Finding:
    """A warning about one element."""
    return _at(Severity.WARNING, element, rule, problem, mend)


def in_file(
    file: str, rule: str, problem: str, mend: str, severity: Severity = Severity.ERROR
) -> Finding:
    """A finding on a file as a whole."""
    return Finding(severity, file, rule, problem, mend)


def _at(severity: Severity, element: Element, rule: str, problem: str, mend: str) -> Finding:
    return Finding(
        severity, element.file, rule, problem, mend, element.id, element.name, element.line
    )


class DiagramRejected(Exception):
    """Publishing is refused; nothing has changed.

    Args:
        findings: all findings; at least one is an error.
    """

    def __init__(self, findings: list[Finding]) -> None:
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        super().__init__("\n".join(str(finding) for finding in errors))
        self.findings = findings
