"""The linter names each defect of a process by file, element and mend, and survives any file."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker_crm.definitions.findings import Finding, Severity
from broker_crm.definitions.lint import lint_paths
from broker_crm.definitions.variables import CASE_VARIABLES
from tests.definitions.copies import ROOT, SALE, copy, edit
from tests.word_files import word_file

ERROR, WARNING = Severity.ERROR, Severity.WARNING
DMN = "bpmn/call_retry.dmn"
CALL = "forms/first-call.form"
CALL_TASK = '<bpmn:userTask id="Task_FirstCall" name="2. Skambutis">'
CALLED = "Task_FirstCall"
OFFERED = '"label": "Domisi",\n          "value": "interested"'
HIDE = 'firstCallOutcome != \\"later\\"'
TIMER = '<bpmn:timeDate xsi:type="bpmn:tFormalExpression">=after due(3)</bpmn:timeDate>'
CALL_ASSIGNMENT = (
    '<zeebe:formDefinition formId="first-call" />\n        '
    '<zeebe:assignmentDefinition assignee="=owner" candidateGroups="salesperson" />'
)
CALL_FORM = '<zeebe:formDefinition formId="first-call" />'


@pytest.fixture
def sale(tmp_path: Path) -> Path:
    return copy(tmp_path)


def brief(findings: list[Finding]) -> list[tuple[Severity, str, str | None, str]]:
    return [(each.severity, each.rule, each.element_id, each.file) for each in findings]


def test_our_own_folder_is_clean() -> None:
    assert lint_paths([ROOT]) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "severity", "rule", "element", "words"),
    [
        (SALE, 'formId="first-call"', 'formId="gone"', ERROR, "form", "Task_FirstCall", "gone"),
        (SALE, CALL_FORM, "", WARNING, "form", "Task_FirstCall", "no form"),
        (SALE, '"kind" value="call"', '"kind" value="chat"', WARNING, "meaning", CALLED, "“chat”"),
        (SALE, "no-answer:unreached", "no-answer:gone", WARNING, "meaning", CALLED, "“gone”"),
        (SALE, "later:undecided", "never:undecided", WARNING, "meaning", CALLED, "“never”"),
        (SALE, '"meaning" value="won"', '"meaning" value="ok"', WARNING, "meaning", None, "“ok”"),
        (CALL, HIDE, 'mood != \\"later\\"', WARNING, "variable", None, "“mood”"),
        (CALL, "{{client.name}}", "{{klient.name}}", WARNING, "variable", None, "“klient”"),
        (CALL, '"type": "radio"', '"type": "iframe"', ERROR, "form", None, "iframe"),
        (CALL, OFFERED, '"label": "Domisi", "value": "keen"', ERROR, "outcome", None, "“keen”"),
        (
            CALL,
            '"key": "firstCallOutcome"',
            '"key": "result"',
            ERROR,
            "outcome",
            "Task_FirstCall",
            "can't be completed",
        ),
        (
            SALE,
            'value="interested,',
            'value="interested,busy,',
            WARNING,
            "outcome",
            "Task_FirstCall",
            "“busy”",
        ),
        (
            SALE,
            '=firstCallOutcome = "interested"',
            '=firstCallOutcome = "intrested"',
            ERROR,
            "outcome",
            "Flow_Interested_Interested",
            "“intrested”",
        ),
        (
            SALE,
            '=firstCallOutcome = "interested"',
            '=callOutcome = "interested"',
            WARNING,
            "variable",
            "Gateway_Interested",
            "“callOutcome”",
        ),
        (
            SALE,
            '=firstCallOutcome = "interested"',
            '=firstCallOutcome = = "interested"',
            ERROR,
            "feel",
            "Flow_Interested_Interested",
            "Mend",
        ),
        (
            SALE,
            'key="letter" value="intro"',
            'key="letter" value="hello"',
            ERROR,
            "template",
            "Task_SendIntroLetter",
            "hello.lt.md",
        ),
        (
            SALE,
            '<zeebe:header key="letter" value="intro" />',
            "",
            ERROR,
            "letter",
            "Task_SendIntroLetter",
            "header letter",
        ),
        (
            SALE,
            'type="send-letter"',
            'type="send-fax"',
            ERROR,
            "job-type",
            "Task_SendIntroLetter",
            "send-fax",
        ),
        (
            SALE,
            'key="productDocuments" value="ipid, kid"',
            'key="productDocuments" value="ipid, kit"',
            ERROR,
            "product-documents",
            "Task_SendOffer",
            "“kit”",
        ),
        (
            SALE,
            'name="helpProductDocuments" value="ipid, kid"',
            'name="helpProductDocuments" value="pid"',
            ERROR,
            "product-documents",
            "Task_OfferLetter",
            "ipid, kid",
        ),
        (
            SALE,
            'decisionId="ProcessVariant"',
            'decisionId="Variant"',
            ERROR,
            "decision",
            "Task_ProcessVariant",
            "“Variant”",
        ),
        (
            SALE,
            'value="StandardTerms, DeviationPrice"',
            'value="UsualTerms, DeviationPrice"',
            ERROR,
            "decision",
            "Start_NewClientSale",
            "“UsualTerms”",
        ),
        (
            SALE,
            CALL_ASSIGNMENT,
            CALL_ASSIGNMENT.replace("salesperson", "seller"),
            ERROR,
            "candidate-group",
            "Task_FirstCall",
            "“seller”",
        ),
        (SALE, CALL_ASSIGNMENT, CALL_FORM, ERROR, "assignment", "Task_FirstCall", "Nobody"),
        (SALE, CALL_TASK, CALL_TASK.replace("2. Skambutis", ""), WARNING, "label", None, "Name"),
        (
            SALE,
            CALL_TASK,
            CALL_TASK.replace("Skambutis", "Skambinti"),
            WARNING,
            "translation",
            "Task_FirstCall",
            "“2. Skambinti”",
        ),
        (
            SALE,
            'name="standardWorkingDays" value="=ceiling(standards[step = &quot;first-call',
            'name="days" value="=ceiling(standards[step = &quot;first-call',
            WARNING,
            "time-standard",
            "Task_FirstCall",
            "standardWorkingDays",
        ),
        (SALE, TIMER, "", ERROR, "timer", "Boundary_EscalateIntroLetter", "no date"),
        (
            SALE,
            TIMER,
            TIMER.replace("=after due(3)", "three days"),
            ERROR,
            "timer",
            "Boundary_EscalateIntroLetter",
            "ISO 8601",
        ),
        (CALL, "Kodėl nesidomi?", "Kodėl gi ne?", WARNING, "translation", None, "“Kodėl gi ne?”"),
        ("forms/letters/intro.lt.md", "Subject: ", "Tema: ", ERROR, "letter", None, "Subject"),
        (
            "forms/letters/intro.lt.md",
            "{{ client.name }}",
            "{{ client. }}",
            ERROR,
            "merge-field",
            None,
            "client.",
        ),
        (
            "forms/letters/intro.lt.md",
            "{{ greeting }}",
            "{{ salutation }}",
            WARNING,
            "variable",
            None,
            "“salutation”",
        ),
        (DMN, "https://www.omg.org/spec/DMN/20191111/MODEL/", "urn:x", ERROR, "dmn", None, "DMN"),
        (DMN, 'hitPolicy="', 'hitPolicy="BEST', ERROR, "hit-policy", None, "unknown"),
        ("forms/translations/en.po", 'msgstr ""', "rubbish", ERROR, "translation", None, "read"),
    ],
)
def test_each_defect_is_named_with_its_mend(
    sale: Path,
    file: str,
    old: str,
    new: str,
    severity: Severity,
    rule: str,
    element: str | None,
    words: str,
) -> None:
    edit(sale, file, old, new)
    found = [each for each in lint_paths([sale]) if (each.severity, each.rule) == (severity, rule)]
    assert found, lint_paths([sale])
    told = [each for each in found if words in str(each) and element in (None, each.element_id)]
    assert told, found
    assert all(each.problem and each.mend and each.file for each in found)


@pytest.mark.parametrize(
    ("file", "severity", "words"),
    [
        ("forms/letters/intro.en.md", WARNING, "Add intro.en.md."),
        ("forms/scripts/first-call.lt.md", WARNING, "Add first-call.lt.md."),
        ("forms/documents/offer.en.docx", WARNING, "Add offer.en.docx."),
        ("forms/signing.form", ERROR, "“signing” does not exist"),
        ("bpmn/offer_approval.dmn", ERROR, "does not exist"),
    ],
)
def test_a_missing_file_is_named(sale: Path, file: str, severity: Severity, words: str) -> None:
    (sale / file).unlink()
    found = [each for each in lint_paths([sale]) if words in str(each)]
    assert found
    assert all(each.element_id and each.line for each in found)
    assert {each.severity for each in found} == {severity}


def test_a_template_is_not_mistaken_for_one_with_a_longer_name(sale: Path) -> None:
    for language in ("lt", "en"):
        (sale / f"forms/letters/intro.{language}.md").rename(
            sale / f"forms/letters/introduction.{language}.md"
        )
    found = {(each.severity, each.rule) for each in lint_paths([sale])}
    assert found == {(ERROR, "template")}


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><lolz>&j;</lolz>"
)
HOSTILE = {
    "entity-bomb": BOMB.encode(),
    "external-entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "late-doctype": b"<!--" + b" " * 5_000 + b"--><!DOCTYPE a><a/>",
    "parameter-entity": b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]><a/>',
    "five-megabytes-deep": b"<a>" * 700_000 + b"</a>" * 700_000,
    "deep": b"<a>" * 20_000 + b"</a>" * 20_000,
    "wide": b"<a>" + b"<b/>" * 400_000 + b"</a>",
    "not-xml": b"%PDF-1.7 \x00\xff",
    "text": b"Sveiki",
    "empty": b"",
    "cut": (ROOT / SALE).read_bytes()[:20_000],
    "wrong-root": b"<html><body>hello</body></html>",
    "no-process": b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>',
    "utf-16": (ROOT / SALE).read_text().encode("utf-16"),
    "unknown-encoding": b'<?xml version="1.0" encoding="nonsense"?><a/>',
}


@pytest.mark.parametrize("name", ["hostile.bpmn", "hostile.dmn"])
@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_gives_a_finding(sale: Path, name: str, content: bytes) -> None:
    (sale / "bpmn" / name).write_bytes(content)
    found = lint_paths([sale])
    assert {(each.severity, each.file) for each in found} == {(ERROR, name)}
    assert all(each.mend for each in found)
    assert "root:" not in " ".join(map(str, found))


@pytest.mark.parametrize(
    "content",
    [b"", b"[", b"[]", b"null", b"[" * 2_500_000, b'{"id": "x"', b"\xff\xfe", b'{"id": "signing"}'],
    ids=["empty", "cut", "list", "null", "deep", "open", "bytes", "id-twice"],
)
def test_a_hostile_form_gives_a_finding(sale: Path, content: bytes) -> None:
    (sale / "forms" / "a-hostile.form").write_bytes(content)
    assert ERROR in {each.severity for each in lint_paths([sale])}


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b'msgid "',
        b'msgid ""\nmsgstr "Content-Type: text/plain; charset=nonsense\\n"\n\nmsgid "a"\n',
        b'msgid "a"\nmsgid_plural "b"\nmsgstr[x] "c"\n',
        b"\0" * 1_000,
    ],
    ids=["bytes", "cut", "charset", "plural", "zeros"],
)
def test_a_hostile_catalogue_gives_a_finding(sale: Path, content: bytes) -> None:
    (sale / "forms/translations/en.po").write_bytes(content)
    assert (ERROR, "translation", None, "en.po") in brief(lint_paths([sale]))


def test_text_that_is_not_utf8_gives_a_finding(sale: Path) -> None:
    (sale / "forms/letters/intro.lt.md").write_bytes("Subject: Žinia".encode("utf-16"))
    assert (ERROR, "encoding", None, "intro.lt.md") in brief(lint_paths([sale]))


def test_two_files_with_the_same_process_are_refused(sale: Path) -> None:
    (sale / "bpmn/twin.bpmn").write_bytes((sale / SALE).read_bytes())
    (found,) = lint_paths([sale])
    assert (found.rule, found.element_id, found.file) == (
        "unique-id",
        "new-client-sale",
        "twin.bpmn",
    )


def test_a_single_file_gives_only_its_own_findings(sale: Path) -> None:
    edit(sale, SALE, 'formId="first-call"', 'formId="gone"')
    edit(sale, CALL, "Kodėl nesidomi?", "Kodėl gi ne?")
    (found,) = lint_paths([sale / SALE])
    assert (found.rule, found.element_name) == ("form", "2. Skambutis")
    assert str(found).startswith(f"new_client_sale.bpmn:{found.line}: Task_FirstCall")


def test_variables_that_a_case_starts_with_are_known(sale: Path) -> None:
    fields = "".join(f"{{{{ {name} }}}}" for name in sorted(CASE_VARIABLES))
    edit(sale, "forms/letters/intro.lt.md", "{{ greeting }}", fields)
    assert lint_paths([sale]) == []


@pytest.mark.parametrize(
    ("content", "rule", "words"),
    [
        (b"not Word", "document", "no Word document"),
        (word_file("{{ premium + }}"), "merge-field", "Paragraph 1, “premium +”"),
    ],
)
def test_a_wrong_word_template_is_told_with_its_place(
    sale: Path, content: bytes, rule: str, words: str
) -> None:
    (sale / "forms/documents/offer.lt.docx").write_bytes(content)
    found = [each for each in lint_paths([sale]) if each.file == "offer.lt.docx"]
    assert [(each.severity, each.rule) for each in found] == [(ERROR, rule)]
    assert words in found[0].problem


def test_a_word_template_that_reads_an_unknown_name_is_warned_of(sale: Path) -> None:
    (sale / "forms/documents/offer.lt.docx").write_bytes(word_file("{{ prmium }}"))
    (found,) = [each for each in lint_paths([sale]) if each.file == "offer.lt.docx"]
    assert (found.severity, found.rule) == (WARNING, "variable") and "prmium" in found.problem


def test_a_text_of_a_form_that_cannot_be_worked_out_is_warned_of(sale: Path) -> None:
    form = "forms/prepare-offer.form"
    edit(sale, form, "{{offerCorrections}}", "{{offerCorrections + }}")
    found = [each for each in lint_paths([sale]) if each.rule == "merge-field"]
    assert [(each.severity, each.file) for each in found] == [(WARNING, "prepare-offer.form")]
    assert "offerCorrections +" in found[0].problem


def test_an_answer_that_no_output_keeps_is_told(sale: Path) -> None:
    kept = '<zeebe:output source="=approvalComment" target="approvalComment" />'
    edit(sale, SALE, kept, "")
    (found,) = lint_paths([sale])
    assert (found.severity, found.rule, found.element_id) == (
        WARNING,
        "lost-field",
        "Task_ApproveOffer",
    )
    assert "is lost" in found.problem and "approvalComment" in str(found.mend)


def test_the_lock_file_of_an_open_word_document_is_passed_over(sale: Path) -> None:
    (sale / "forms/documents/~$offer.lt.docx").write_bytes(b"lock")
    assert lint_paths([sale]) == []
