"""Reads a scenario from JSON; what can't be understood is refused with its place and the mend."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from broker_crm.scenarios.checking import Reader, local_moment
from broker_crm.scenarios.errors import Problem, ScenarioRejected
from broker_crm.scenarios.scenario import (
    NEXT_TIMER,
    Act,
    ClientTold,
    Do,
    Expected,
    Fire,
    Look,
    PolicyTold,
    Scenario,
    Send,
    Wait,
)

LARGEST = 200_000
"""Bytes."""
MOST_STEPS = 200
LONGEST_WAIT = 500
"""Working days."""
KINDS = ("natural", "legal", "foreign")
STATUSES = ("prospect", "active", "former", "blocked")
LANGUAGES = ("lt", "en")
ACTS = ("do", "wait", "fire", "send", "expect")
WORKING_DAYS = re.compile(r"(\d{1,3}) working days?")
_CLIENT = {
    "kind", "vip", "status", "language", "consent", "doNotContact", "email", "sector", "size",
    "staff", "region", "owner", "policies",
}  # fmt: skip
_POLICY = {
    "product", "starts", "ends", "premium", "insurer", "commission", "sumInsured", "deductible",
    "instalments", "objectKind", "objectValue",
}  # fmt: skip
_COMPLAINT = {
    "receivedOn", "channel", "subject", "detail", "description", "about", "insurer", "employee",
    "claimedAmount", "byClient", "consumer",
}  # fmt: skip
_CAMPAIGN = {"name", "variant", "headline", "messageA", "messageB"}
_EXPECTED = {
    "outcome", "open", "due", "assignees", "groups", "letters", "measures", "passed", "variables",
}  # fmt: skip
_SCENARIO = {
    "process", "name", "title", "begins", "client", "product", "variables", "complaint", "campaign",
    "steps", "expect",
}  # fmt: skip


def read_text(content: bytes | str) -> Scenario:
    """Read a scenario from JSON text.

    Raises:
        ScenarioRejected: with every problem, each by its place.
    """
    if len(content) > LARGEST:
        raise ScenarioRejected([Problem("", "too-large", {"limit": LARGEST})])
    try:
        told = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ScenarioRejected([Problem("", "not-json", {"why": str(error)[:200]})]) from error
    return read(told)


def read_file(path: Path) -> Scenario:
    """Read PROCESS-KEY/NAME.json.

    Raises:
        ScenarioRejected: also when the file lies elsewhere than its process and name say.
    """
    scenario = read_text(path.read_bytes())
    if path.stem != scenario.name or path.parent.name != scenario.process:
        name = f"{scenario.process}/{scenario.name}"
        raise ScenarioRejected([Problem("name", "other-name", {"name": name})])
    return scenario


def read(told: object) -> Scenario:
    """Read a scenario from a JSON value.

    Raises:
        ScenarioRejected: with every problem, each by its place.
    """
    reader = Reader()
    found = _scenario(reader, told)
    if reader.problems:
        raise ScenarioRejected(reader.problems)
    return found


def _scenario(reader: Reader, value: object) -> Scenario:
    told = reader.mapping(value, "", _SCENARIO)
    reader.required(told, "", "process", "name", "begins")
    steps = reader.listed(told.get("steps", []), "steps", MOST_STEPS)
    name = reader.text(told.get("name", "x"), "name", 120)
    if "/" in name or name.startswith("."):
        reader.wrong("name", "not-text", limit=120)
    return Scenario(
        process=reader.text(told.get("process", "x"), "process", 120),
        name=name,
        begins=reader.moment(told.get("begins", "2026-01-05T09:00"), "begins"),
        client=_client(reader, told["client"]) if told.get("client") is not None else None,
        product=_optional(reader, told, "product", ""),
        variables=reader.mapping(told.get("variables", {}), "variables"),
        complaint=_about(reader, told, "complaint", _COMPLAINT),
        campaign=_about(reader, told, "campaign", _CAMPAIGN),
        steps=tuple(_act(reader, each, f"steps[{n}]") for n, each in enumerate(steps)),
        expect=_expected(reader, told["expect"], "expect") if "expect" in told else None,
        title=_optional(reader, told, "title", ""),
    )


def _about(
    reader: Reader, told: dict[str, Any], key: str, known: set[str]
) -> dict[str, Any] | None:
    if key not in told:
        return None
    about = reader.mapping(told[key], key, known)
    for name in ("receivedOn",):
        if name in about:
            reader.day(about[name], f"{key}.{name}")
    if "claimedAmount" in about:
        reader.number(about["claimedAmount"], f"{key}.claimedAmount")
    return about


def _client(reader: Reader, value: object) -> ClientTold:
    told = reader.mapping(value, "client", _CLIENT)
    policies = reader.listed(told.get("policies", []), "client.policies", 50)
    return ClientTold(
        kind=reader.choice(told.get("kind", "legal"), "client.kind", KINDS),
        vip=reader.truth(told.get("vip", False), "client.vip"),
        status=reader.choice(told.get("status", "prospect"), "client.status", STATUSES),
        language=reader.choice(told.get("language", "lt"), "client.language", LANGUAGES),
        consent=reader.truth(told.get("consent", True), "client.consent"),
        do_not_contact=reader.truth(told.get("doNotContact", False), "client.doNotContact"),
        email=reader.truth(told.get("email", True), "client.email"),
        sector=_optional(reader, told, "sector", "client."),
        size=_optional(reader, told, "size", "client."),
        staff=int(reader.number(told["staff"], "client.staff")) if "staff" in told else None,
        region=_optional(reader, told, "region", "client."),
        owner=reader.text(told.get("owner", "jonas"), "client.owner", 60),
        policies=tuple(_policy(reader, each, f"client.policies[{n}]") for n, each in
                       enumerate(policies)),
    )  # fmt: skip


def _policy(reader: Reader, value: object, place: str) -> PolicyTold:
    told = reader.mapping(value, place, _POLICY)
    reader.required(told, place, "product", "starts", "ends")

    def number(key: str, default: float | None) -> float | None:
        return reader.number(told[key], f"{place}.{key}") if key in told else default

    return PolicyTold(
        product=reader.text(told.get("product", "x"), f"{place}.product", 40),
        starts=reader.day(told.get("starts", "2026-01-01"), f"{place}.starts"),
        ends=reader.day(told.get("ends", "2026-01-01"), f"{place}.ends"),
        premium=number("premium", 450) or 0,
        insurer=_optional(reader, told, "insurer", f"{place}."),
        commission=number("commission", 20) or 0,
        sum_insured=number("sumInsured", None),
        deductible=number("deductible", None),
        instalments=int(number("instalments", 1) or 1),
        object_kind=_optional(reader, told, "objectKind", f"{place}."),
        object_value=number("objectValue", None),
    )


def _act(reader: Reader, value: object, place: str) -> Act:
    told = reader.mapping(value, place)
    kinds = [kind for kind in ("do", "wait", "fire", "send") if kind in told]
    if len(kinds) > 1 or not (kinds or "expect" in told):
        reader.wrong(place, "not-an-act")
        return Act(Look())
    expect = _expected(reader, told["expect"], f"{place}.expect") if "expect" in told else None
    kind = kinds[0] if kinds else "expect"
    known = {
        "do": {"do", "values", "by", "minutes", "expect"},
        "wait": {"wait", "expect"},
        "fire": {"fire", "expect"},
        "send": {"send", "key", "values", "expect"},
        "expect": {"expect"},
    }[kind]
    reader.mapping(told, place, known)
    return Act(_what(reader, kind, told, place), expect)


def _what(
    reader: Reader, kind: str, told: dict[str, Any], place: str
) -> Do | Wait | Fire | Send | Look:
    if kind == "do":
        return Do(
            reader.text(told["do"], f"{place}.do", 120),
            reader.mapping(told.get("values", {}), f"{place}.values"),
            _optional(reader, told, "by", f"{place}."),
            reader.number(told["minutes"], f"{place}.minutes") if "minutes" in told else None,
        )
    if kind == "wait":
        return _wait(reader, told["wait"], f"{place}.wait")
    if kind == "fire":
        return Fire(reader.text(told["fire"], f"{place}.fire", 120))
    if kind == "send":
        return Send(
            reader.text(told["send"], f"{place}.send", 200),
            _optional(reader, told, "key", f"{place}."),
            reader.mapping(told.get("values", {}), f"{place}.values"),
        )
    return Look()


def _wait(reader: Reader, value: object, place: str) -> Wait:
    days = WORKING_DAYS.fullmatch(value) if isinstance(value, str) else None
    if days and 0 < int(days[1]) <= LONGEST_WAIT:
        return Wait(working_days=int(days[1]))
    if value == NEXT_TIMER:
        return Wait()
    until = local_moment(value)
    if until is None:
        reader.wrong(place, "not-a-wait")
    return Wait(until=until)


def _expected(reader: Reader, value: object, place: str) -> Expected:
    told = reader.mapping(value, place, _EXPECTED)
    outcome = told.get("outcome")
    if outcome is not None and not (isinstance(outcome, str) and len(outcome) <= 60):
        reader.wrong(f"{place}.outcome", "not-text", limit=60)

    def texts(key: str) -> tuple[str, ...] | None:
        return reader.texts(told[key], f"{place}.{key}") if key in told else None

    return Expected(
        outcome=outcome,
        open=texts("open"),
        due=reader.text_by_key(told.get("due", {}), f"{place}.due"),
        assignees=reader.text_by_key(told.get("assignees", {}), f"{place}.assignees"),
        groups=reader.text_by_key(told.get("groups", {}), f"{place}.groups"),
        letters=texts("letters"),
        measures=texts("measures"),
        passed=texts("passed"),
        variables=reader.mapping(told.get("variables", {}), f"{place}.variables"),
    )


def _optional(reader: Reader, told: dict[str, Any], key: str, before: str) -> str | None:
    if told.get(key) is None:
        return None
    return reader.text(told[key], f"{before}{key}", 200)
