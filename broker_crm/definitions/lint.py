"""Checks a process with everything that it refers to, before anybody meets it in the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from broker_crm.definitions import script_branches, word
from broker_crm.definitions.bundle import (
    TEMPLATE_SUFFIXES,
    Bundle,
    bundles,
    scan,
    template_references,
)
from broker_crm.definitions.findings import (
    Finding,
    Severity,
    error_at,
    in_file,
    refused,
    warning_at,
)
from broker_crm.definitions.forms import Form, FormRefused, read_form
from broker_crm.definitions.forms.translating import texts_of
from broker_crm.definitions.job_types import JOB_TYPES
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.outcomes import compared_outcomes, offered_outcomes
from broker_crm.definitions.translations import read_catalogue
from broker_crm.definitions.variables import unset_variables
from broker_crm.engine.definition import CompiledProcess, compile_process
from broker_crm.engine.dialect import Element
from broker_crm.engine.errors import DiagramRefused
from broker_crm.engine.feel import FeelError, check
from broker_crm.engine.feel.templates import MERGE_FIELD

CANDIDATE_GROUPS = frozenset(
    {
        "salesperson",
        "assistant",
        "product-manager",
        "sales-manager",
        "designer",
        "analyst",
        "complaints-handler",
        "compliance",
        "marketing",
        "administrator",
    }
)


def lint_paths(paths: list[Path]) -> list[Finding]:
    """Findings over folders that hold `bpmn/` and `forms/`, or over single diagrams.

    Args:
        paths: a project folder, its `bpmn/` folder, or a `.bpmn` or `.dmn` file in it.
    """
    findings: list[Finding] = []
    for path in paths:
        root = project_root(path)
        folder = scan(root)
        findings.extend(refused(refusal) for refusal in folder.refusals)
        for bundle in bundles(folder):
            findings.extend(lint(bundle))
    only = {path.name for path in paths if path.is_file()}
    unique = list(dict.fromkeys(findings))
    return [finding for finding in unique if not only or finding.file in only]


def project_root(path: Path) -> Path:
    """The folder that holds `bpmn/` and `forms/`, for a path in it."""
    start = path if path.is_dir() else path.parent
    return start.parent if start.name in {"bpmn", "forms"} else start


def lint(bundle: Bundle) -> list[Finding]:
    """All findings on one process."""
    findings: list[Finding] = []
    process: CompiledProcess | None = None
    try:
        process = compile_process(bundle.source)
    except DiagramRefused as error:
        findings.extend(refused(refusal) for refusal in error.refusals)
    forms, refused_forms = _forms(bundle)
    findings.extend(refused_forms)
    for element in bundle.elements.values():
        findings.extend(_user_task(element, bundle))
        findings.extend(_job(element))
    findings.extend(_templates(bundle))
    findings.extend(script_branches.findings(bundle, forms))
    findings.extend(offered_outcomes(bundle.elements, forms))
    findings.extend(_translations(bundle, forms))
    if process is not None:
        findings.extend(compared_outcomes(process))
        findings.extend(unset_variables(bundle, process, forms))
    return findings


def _user_task(element: Element, bundle: Bundle) -> Iterator[Finding]:
    if element.form_key and element.form_key not in bundle.of(ResourceKind.FORM):
        yield error_at(
            element,
            "form",
            f"The form “{element.form_key}” does not exist.",
            "Add it to forms/, or mend the form id.",
        )
    if element.type != "userTask":
        return
    groups = element.candidate_groups
    if groups and not groups.startswith("=") and groups not in CANDIDATE_GROUPS:
        yield error_at(
            element,
            "candidate-group",
            f"The candidate group “{groups}” does not exist.",
            f"Use one of: {', '.join(sorted(CANDIDATE_GROUPS))}.",
        )
    if not groups and not element.assignee:
        yield error_at(
            element,
            "assignment",
            "Nobody would get this task.",
            "Set a candidate group or an assignee.",
        )
    if not element.form_key:
        yield warning_at(
            element, "form", "The task has no form.", "Link a form, or make it an automatic step."
        )
    if not element.properties.get("standardWorkingDays") and not element.due_date:
        yield warning_at(
            element,
            "time-standard",
            "The task has no time standard, so nobody is reminded.",
            "Set the property standardWorkingDays.",
        )
    if not element.name:
        yield warning_at(element, "label", "The task has no name.", "Name it as people call it.")


def _job(element: Element) -> Iterator[Finding]:
    job = element.job_type
    if job and not job.startswith("=") and job not in JOB_TYPES:
        yield error_at(
            element,
            "job-type",
            f"The job “{job}” is unknown.",
            f"Use one of: {', '.join(sorted(JOB_TYPES))}.",
        )
    if job == "send-letter" and not element.headers.get("letter"):
        yield error_at(
            element, "letter", "The job sends no letter.", "Set the header letter to a template."
        )


def _templates(bundle: Bundle) -> Iterator[Finding]:
    for reference in template_references(bundle.elements):
        stems = bundle.of(reference.kind)
        languages = {
            stem.rsplit(".", 1)[1] for stem in stems if stem.startswith(f"{reference.key}.")
        }
        for language in ("lt", "en"):
            if f"{reference.key}.{language}" not in stems:
                severity = Severity.WARNING if languages else Severity.ERROR
                yield Finding(
                    severity,
                    reference.element.file,
                    "template",
                    f"The {reference.kind} “{reference.key}” has no {language} text.",
                    f"Add {reference.key}.{language}{TEMPLATE_SUFFIXES[reference.kind]}.",
                    reference.element.id,
                    reference.element.name,
                    reference.element.line,
                )
    for kind in (ResourceKind.LETTER, ResourceKind.SCRIPT):
        for stem, content in bundle.of(kind).items():
            yield from _template(f"{stem}.md", kind, content)
    for stem, content in bundle.of(ResourceKind.DOCUMENT).items():
        yield from _word_template(f"{stem}.docx", content)


def _key(stem: str) -> str:
    return stem.rsplit(".", 1)[0]


def _template(file: str, kind: ResourceKind, content: bytes) -> Iterator[Finding]:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        yield in_file(file, "encoding", "The file is not UTF-8.", "Save it as UTF-8.")
        return
    if kind is ResourceKind.LETTER and not text.startswith("Subject: "):
        yield Finding(
            Severity.ERROR,
            file,
            "letter",
            "The letter has no subject.",
            "Begin it with a line “Subject: …”.",
            line=1,
        )
    for match in MERGE_FIELD.finditer(text):
        try:
            check(match[1].strip())
        except FeelError as error:
            line = text.count("\n", 0, match.start()) + 1
            yield Finding(
                Severity.ERROR, file, "merge-field", str(error), "Mend the field.", line=line
            )


def _word_template(file: str, content: bytes) -> Iterator[Finding]:
    try:
        placed = word.merge_fields(content)
    except word.WordRefused as error:
        yield in_file(file, "document", str(error), "Save it again from Word.")
        return
    for each in placed:
        try:
            check(each.field)
        except FeelError as error:
            yield in_file(
                file,
                "merge-field",
                f"Paragraph {each.paragraph}, “{each.field}”: {error}",
                "Mend the field.",
            )


def _forms(bundle: Bundle) -> tuple[dict[str, Form], list[Finding]]:
    forms: dict[str, Form] = {}
    findings: list[Finding] = []
    for key, content in bundle.of(ResourceKind.FORM).items():
        try:
            forms[key] = read_form(content.decode())
        except (FormRefused, UnicodeDecodeError) as error:
            findings.append(
                in_file(f"{key}.form", "form", str(error), "Mend it in the form editor.")
            )
    return forms, findings


def _translations(bundle: Bundle, forms: Mapping[str, Form]) -> Iterator[Finding]:
    for language, content in bundle.of(ResourceKind.TRANSLATION).items():
        try:
            catalogue = read_catalogue(content)
        except ValueError as error:
            yield in_file(f"{language}.po", "translation", str(error), "Mend the catalogue.")
            continue
        mend = f"Add it to forms/translations/{language}.po."
        for element in bundle.elements.values():
            if element.type == "userTask" and element.name and element.name not in catalogue:
                problem = f"“{element.name}” has no translation ({language})."
                yield warning_at(element, "translation", problem, mend)
        for form in forms.values():
            for text in sorted(texts_of(form.schema) - catalogue.keys()):
                problem = f"“{text}” has no translation ({language})."
                yield in_file(f"{form.key}.form", "translation", problem, mend, Severity.WARNING)
