"""Checks a process with everything that it refers to, before anybody meets it in the inbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from broker_crm.definitions import script_branches, word
from broker_crm.definitions.bundle import (
    Bundle,
    Folder,
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
from broker_crm.definitions.form_texts import broken_texts
from broker_crm.definitions.forms import Form, FormRefused, read_form
from broker_crm.definitions.forms.translating import texts_of
from broker_crm.definitions.job_types import JOB_TYPES, PRODUCT_DOCUMENTS
from broker_crm.definitions.lost_fields import lost_fields
from broker_crm.definitions.meanings import unknown_meanings
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.outcomes import compared_outcomes, offered_outcomes
from broker_crm.definitions.places import TEMPLATE_SUFFIXES
from broker_crm.definitions.structure import structure
from broker_crm.definitions.translations import read_catalogue
from broker_crm.definitions.variables import unset_variables
from broker_crm.engine.definition import CompiledProcess, compile_process
from broker_crm.engine.dialect import Element, listed
from broker_crm.engine.errors import DiagramRefused
from broker_crm.engine.feel import FeelError, check
from broker_crm.engine.feel.templates import MERGE_FIELD
from broker_crm.engine.sentences import said, told

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


MOST_REMEMBERED = 64
_known: dict[str, tuple[Finding, ...]] = {}
KIND_WORDS = {
    ResourceKind.LETTER: said("letter"),
    ResourceKind.SCRIPT: said("script"),
    ResourceKind.DOCUMENT: said("document"),
}


def lint_paths(paths: list[Path]) -> list[Finding]:
    """Findings over folders that hold `bpmn/` and `forms/`, or over single diagrams.

    Args:
        paths: a project folder, its `bpmn/` folder, or a `.bpmn` or `.dmn` file in it.
    """
    findings: list[Finding] = []
    for path in paths:
        findings.extend(lint_folder(scan(project_root(path))))
    only = {path.name for path in paths if path.is_file()}
    unique = list(dict.fromkeys(findings))
    return [finding for finding in unique if not only or finding.file in only]


def lint_folder(folder: Folder) -> list[Finding]:
    """All findings on all files, each once."""
    findings = [refused(refusal) for refusal in folder.refusals]
    for diagram in folder.diagrams.values():
        findings.extend(structure(diagram))
    for bundle in bundles(folder):
        findings.extend(_remembered(bundle))
    return list(dict.fromkeys(findings))


def _remembered(bundle: Bundle) -> tuple[Finding, ...]:
    """Findings on a bundle, whose hash says whether anything has changed."""
    key = bundle.content_hash
    if key not in _known:
        if len(_known) >= MOST_REMEMBERED:
            _known.clear()
        _known[key] = tuple(lint(bundle))
    return _known[key]


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
        findings.extend(_product_documents(element))
        findings.extend(unknown_meanings(element))
    findings.extend(_templates(bundle))
    findings.extend(broken_texts(forms))
    findings.extend(script_branches.findings(bundle, forms))
    findings.extend(offered_outcomes(bundle.elements, forms))
    findings.extend(_translations(bundle, forms))
    if process is not None:
        findings.extend(compared_outcomes(process))
        findings.extend(unset_variables(bundle, process, forms))
        findings.extend(lost_fields(process, forms))
    return findings


def _user_task(element: Element, bundle: Bundle) -> Iterator[Finding]:
    if element.form_key and element.form_key not in bundle.of(ResourceKind.FORM):
        yield error_at(
            element,
            "form",
            said("The form “%(form_key)s” does not exist.", form_key=element.form_key),
            said("Add it to forms/, or mend the form id."),
        )
    if element.type != "userTask":
        return
    groups = element.candidate_groups
    if groups and not groups.startswith("=") and groups not in CANDIDATE_GROUPS:
        yield error_at(
            element,
            "candidate-group",
            said("The candidate group “%(group)s” does not exist.", group=groups),
            said("Use one of: %(names)s.", names=", ".join(sorted(CANDIDATE_GROUPS))),
        )
    if not groups and not element.assignee:
        yield error_at(
            element,
            "assignment",
            said("Nobody would get this task."),
            said("Set a candidate group or an assignee."),
        )
    if not element.form_key:
        yield warning_at(
            element,
            "form",
            said("The task has no form."),
            said("Link a form, or make it an automatic step."),
        )
    if not element.properties.get("standardWorkingDays") and not element.due_date:
        yield warning_at(
            element,
            "time-standard",
            said("The task has no time standard, so nobody is reminded."),
            said("Set the property standardWorkingDays."),
        )
    if not element.name:
        yield warning_at(
            element, "label", said("The task has no name."), said("Name it as people call it.")
        )


def _job(element: Element) -> Iterator[Finding]:
    job = element.job_type
    if job and not job.startswith("=") and job not in JOB_TYPES:
        yield error_at(
            element,
            "job-type",
            said("The job “%(job)s” is unknown.", job=job),
            said("Use one of: %(names)s.", names=", ".join(sorted(JOB_TYPES))),
        )
    if job == "send-letter" and not element.headers.get("letter"):
        yield error_at(
            element,
            "letter",
            said("The job sends no letter."),
            said("Set the header letter to a template."),
        )


def _product_documents(element: Element) -> Iterator[Finding]:
    wanted = [element.headers.get("productDocuments"), element.help.get("product-documents")]
    written = [each for each in wanted if each and not each.startswith("=")]
    for kind in sorted({kind for each in written for kind in listed(each)} - PRODUCT_DOCUMENTS):
        yield error_at(
            element,
            "product-documents",
            said("Products have no document “%(kind)s”.", kind=kind),
            said("Use one of: %(names)s.", names=", ".join(sorted(PRODUCT_DOCUMENTS))),
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
                    said(
                        "The %(kind)s “%(key)s” has no %(language)s text.",
                        kind=KIND_WORDS[reference.kind],
                        key=reference.key,
                        language=language,
                    ),
                    said(
                        "Add %(key)s.%(language)s%(suffix)s.",
                        key=reference.key,
                        language=language,
                        suffix=TEMPLATE_SUFFIXES[reference.kind],
                    ),
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
        yield in_file(file, "encoding", said("The file is not UTF-8."), said("Save it as UTF-8."))
        return
    if kind is ResourceKind.LETTER and not text.startswith("Subject: "):
        yield Finding(
            Severity.ERROR,
            file,
            "letter",
            said("The letter has no subject."),
            said("Begin it with a line “Subject: …”."),
            line=1,
        )
    for match in MERGE_FIELD.finditer(text):
        try:
            check(match[1].strip())
        except FeelError as error:
            line = text.count("\n", 0, match.start()) + 1
            yield Finding(
                Severity.ERROR, file, "merge-field", told(error), said("Mend the field."), line=line
            )


def _word_template(file: str, content: bytes) -> Iterator[Finding]:
    try:
        placed = word.merge_fields(content)
    except word.WordRefused as error:
        yield in_file(file, "document", told(error), said("Save it again from Word."))
        return
    for each in placed:
        try:
            check(each.field)
        except FeelError as error:
            yield in_file(
                file,
                "merge-field",
                said(
                    "Paragraph %(paragraph)s, “%(field)s”: %(reason)s",
                    paragraph=each.paragraph,
                    field=each.field,
                    reason=told(error),
                ),
                said("Mend the field."),
            )


def _forms(bundle: Bundle) -> tuple[dict[str, Form], list[Finding]]:
    forms: dict[str, Form] = {}
    findings: list[Finding] = []
    for key, content in bundle.of(ResourceKind.FORM).items():
        try:
            forms[key] = read_form(content.decode())
        except (FormRefused, UnicodeDecodeError) as error:
            findings.append(
                in_file(f"{key}.form", "form", told(error), said("Mend it in the form editor."))
            )
    return forms, findings


def _translations(bundle: Bundle, forms: Mapping[str, Form]) -> Iterator[Finding]:
    for language, content in bundle.of(ResourceKind.TRANSLATION).items():
        try:
            catalogue = read_catalogue(content)
        except ValueError as error:
            yield in_file(f"{language}.po", "translation", told(error), said("Mend the catalogue."))
            continue
        mend = said("Add it to forms/translations/%(language)s.po.", language=language)
        for element in bundle.elements.values():
            if element.type == "userTask" and element.name and element.name not in catalogue:
                problem = said(
                    "“%(name)s” has no translation (%(language)s).",
                    name=element.name,
                    language=language,
                )
                yield warning_at(element, "translation", problem, mend)
        for form in forms.values():
            for text in sorted(texts_of(form.schema) - catalogue.keys()):
                problem = said(
                    "“%(text)s” has no translation (%(language)s).", text=text, language=language
                )
                yield in_file(f"{form.key}.form", "translation", problem, mend, Severity.WARNING)
