"""What the decision tables say: one example for each row, read as a broker would put the question.

A row that no example meets fails the last test, and so does a row that can never be reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broker_crm.engine.decisions import Decision, decide, read_decisions

BPMN = Path(__file__).parents[2] / "bpmn"
Context = Mapping[str, Any]


def _all_decisions() -> dict[str, Decision]:
    found: dict[str, Decision] = {}
    for path in sorted(BPMN.glob("*.dmn")):
        decisions, refusals = read_decisions(path.read_bytes(), path.name)
        assert refusals == []
        found |= decisions
    return found


DECISIONS = _all_decisions()


def variant(kind: str, product_class: str, *, vip: bool = False) -> Context:
    return {"clientKind": kind, "productClass": product_class, "vip": vip}


def lead(
    product_class: str, language: str = "lt", *, vip: bool = False, existing: bool = False
) -> Context:
    client = {"language": language, "existing": existing}
    return {"productClass": product_class, "vip": vip, "client": client}


def offer(
    premium: float = 0,
    commission: float = 0,
    deductible: float = 0,
    sum_insured: float = 50_000,
    product_class: str = "B",
) -> Context:
    deviation = {
        "premiumPercent": premium,
        "commissionPoints": commission,
        "deductibleDifference": deductible,
    }
    return {"deviation": deviation, "sumInsured": sum_insured, "productClass": product_class}


def renewal(
    product_class: str,
    band: str = "P2",
    loss: float | None = 10,
    kind: str = "legal",
    *,
    stop: bool = False,
    dearer: float | None = None,
) -> Context:
    policy = {"notRenewable": stop, "lossRatio": loss, "priceBand": band}
    facts = {"policy": policy, "productClass": product_class, "clientKind": kind}
    return facts if dearer is None else {**facts, "premiumChange": dearer}


def holder(*holdings: str, kind: str = "natural", **more: Any) -> Context:
    rest = {"sector": "", "staff": 0, "vehicles": 0}
    return {"holdings": list(holdings), "clientKind": kind, **rest, **more}


def insured(value: float, *, product: str = "property", **more: Any) -> Context:
    rest = {"reducedByLimit": False, "daysSinceRenewal": 10, "productClass": "B"}
    return {
        "product": {"key": product},
        "policy": {"sumInsured": 100_000},
        "objectValue": value,
        **rest,
        **more,
    }


def contact(
    *,
    purpose: str | None = None,
    hold: str | None = None,
    stop: bool = False,
    consent: bool = False,
    existing: bool = False,
    kind: str = "natural",
) -> Context:
    client = {"doNotContact": stop, "consent": {"marketing": consent}, "existing": existing}
    return {"purpose": purpose, "sellingHold": hold, "client": client, "clientKind": kind}


def complaint(about: str = "broker", detail: str = "delay", **more: Any) -> Context:
    rest = {"claimedAmount": 100, "consumer": False, "vip": False, "aboutEmployee": False}
    return {"complaint": {"about": about, "detail": detail, **rest, **more}}


def papers(
    product: str, kind: str, product_class: str, language: str = "lt", holder: str | None = None
) -> Context:
    return {
        "product": {"key": product},
        "clientKind": kind,
        "productClass": product_class,
        "client": {"language": language},
        "beneficiaryKind": holder,
    }


def insured_person(
    product: str, kind: str, pep: bool | None = None, premium: float | None = None
) -> Context:
    return {"product": {"key": product}, "clientKind": kind, "pep": pep, "premium": premium}


def risk(product: str, product_class: str) -> Context:
    return {"product": {"key": product}, "productClass": product_class}


def asking(process: str, product_class: str, sum_insured: float | None = None) -> Context:
    return {"process": process, "productClass": product_class, "sumInsured": sum_insured}


def tried(channel: str, result: str, before: int) -> Context:
    return {"channel": channel, "result": result, "previousAttempts": before}


def standard(
    kind: str, size: str = "", product: str = "liability", day: str = "2026-11-23"
) -> Context:
    return {
        "onDay": day,
        "clientKind": kind,
        "client": {"sizeBand": size},
        "product": {"key": product},
    }


def differs(kind: str, standard: float, offered: float, cover: str = "") -> Context:
    return {
        "kind": kind,
        "standard": standard,
        "offered": offered,
        "difference": offered - standard,
        "cover": cover,
    }


DEARER = "Draudikas įmoką didina daugiau nei 15 %"
EXAMPLES: list[tuple[str, Context, dict[str, Any]]] = [
    ("ProcessVariant", variant("natural", "A", vip=True), {"name": "remote-vip", "pace": 0.5}),
    ("ProcessVariant", variant("natural", "A"), {"name": "remote", "meeting": False, "pace": 1}),
    ("ProcessVariant", variant("foreign", "C", vip=True), {"name": "foreign-vip"}),
    ("ProcessVariant", variant("foreign", "A"), {"name": "foreign", "documentPace": 1.5}),
    ("ProcessVariant", variant("legal", "B", vip=True), {"name": "standard-vip", "meeting": True}),
    ("ProcessVariant", variant("natural", "B"), {"name": "standard", "negotiationMeeting": True}),
    ("ProcessVariant", variant("legal", "C", vip=True), {"salesManager": True}),
    ("ProcessVariant", variant("legal", "C"), {"salesManager": False}),
    ("ProductParticulars", risk("mtpl", "A"), {"noGap": True, "inspection": False}),
    ("ProductParticulars", risk("casco", "B"), {"inspection": True, "noGap": False}),
    ("ProductParticulars", risk("property", "B"), {"inspection": True}),
    ("ProductParticulars", risk("household", "A"), {"items": ["beneficiary"]}),
    ("ProductParticulars", risk("liability", "B"), {"inspection": False, "meeting": False}),
    ("ProductParticulars", risk("cyber", "C"), {"meeting": True}),
    ("ProductParticulars", risk("cargo", "C"), {"meeting": True, "tender": False}),
    ("ProductParticulars", risk("construction", "C"), {"tender": True}),
    ("ProductParticulars", risk("group-health", "C"), {"items": ["headcount"]}),
    ("ProductParticulars", risk("life", "C"), {"items": ["suitability", "medical"]}),
    ("ProductParticulars", risk("bonds", "C"), {"meeting": True, "items": []}),
    ("ProductParticulars", risk("travel", "A"), {"meeting": False, "items": []}),
    ("QuotePlan", asking("new-client-sale", "A", 10_000), {"insurers": 0}),
    ("QuotePlan", asking("new-client-sale", "B", 500_000), {"insurers": 0}),
    ("QuotePlan", asking("new-client-sale", "B", 500_001), {"insurers": 3}),
    ("QuotePlan", asking("new-client-sale", "C"), {"insurers": 4}),
    ("QuotePlan", asking("cross-sell", "A"), {"insurers": 2}),
    ("QuotePlan", asking("cross-sell", "B"), {"insurers": 3}),
    ("Assignment", lead("A", vip=True), {"toOwner": True}),
    ("Assignment", lead("A", existing=True), {"toOwner": True}),
    ("Assignment", lead("C"), {"toOwner": True}),
    ("Assignment", lead("A", "en"), {"toOwner": True}),
    ("Assignment", lead("B"), {"toOwner": False, "group": "salesperson"}),
    ("OfferApproval", offer(10), {"level": "product-manager"}),
    ("OfferApproval", offer(10.01), {"level": "product-manager-and-sales-manager"}),
    ("OfferApproval", offer(commission=3), {"level": "product-manager-and-sales-manager"}),
    ("OfferApproval", offer(commission=2.9), {"level": "product-manager"}),
    (
        "OfferApproval",
        offer(sum_insured=1_000_001),
        {"level": "product-manager-and-sales-manager"},
    ),
    ("OfferApproval", offer(sum_insured=1_000_000), {"level": "none"}),
    ("OfferApproval", offer(deductible=-1), {"level": "product-manager"}),
    ("OfferApproval", offer(product_class="C"), {"level": "product-manager"}),
    ("OfferApproval", offer(3), {"level": "none"}),
    ("RenewalPlan", renewal("C", "P4", 90, stop=True), {"strategy": "do-not-renew"}),
    ("RenewalPlan", renewal("C", "P4", 71), {"leadDays": 120, "insurerCount": 3}),
    ("RenewalPlan", renewal("C", "P3", 71), {"leadDays": 90, "insurerCount": 3}),
    ("RenewalPlan", renewal("B", "P2", 71), {"leadDays": 60, "strategy": "re-market"}),
    ("RenewalPlan", renewal("C", "P4", dearer=15.01), {"reason": DEARER}),
    ("RenewalPlan", renewal("C", "P3", dearer=16), {"reason": DEARER, "leadDays": 90}),
    ("RenewalPlan", renewal("B", "P1", dearer=16), {"strategy": "re-market"}),
    ("RenewalPlan", renewal("B", "P1", dearer=15), {"strategy": "incumbent-only"}),
    ("RenewalPlan", renewal("A", "P1", kind="natural", dearer=16), {"strategy": "re-market"}),
    ("RenewalPlan", renewal("A", "P1", dearer=16), {"strategy": "re-market"}),
    ("RenewalPlan", renewal("C", "P4"), {"leadDays": 120, "strategy": "re-market"}),
    ("RenewalPlan", renewal("C", "P1", 70), {"leadDays": 90, "insurerCount": 2}),
    ("RenewalPlan", renewal("B", "P3"), {"leadDays": 60, "strategy": "re-market"}),
    ("RenewalPlan", renewal("B", "P2"), {"leadDays": 60, "strategy": "incumbent-only"}),
    ("RenewalPlan", renewal("A", "P1", kind="natural"), {"leadDays": 30, "hardDays": 14}),
    ("RenewalPlan", renewal("A", "P1"), {"leadDays": 45}),
    ("RenewalPlan", renewal("", "P1", None), {"leadDays": 60, "strategy": "incumbent-only"}),
    ("ContactPermission", contact(purpose="service", stop=True), {"decision": "allow"}),
    ("ContactPermission", contact(stop=True, consent=True), {"basis": "do-not-contact"}),
    ("ContactPermission", contact(hold="open-complaint", consent=True), {"decision": "deny"}),
    ("ContactPermission", contact(hold="refused-claim", consent=True), {"decision": "deny"}),
    ("ContactPermission", contact(consent=True), {"decision": "allow", "basis": "consent"}),
    ("ContactPermission", contact(existing=True), {"basis": "existing-client"}),
    ("ContactPermission", contact(kind="legal"), {"decision": "ask-in-person"}),
    ("ContactPermission", contact(), {"decision": "deny", "basis": "no-consent"}),
    ("ComplaintClass", complaint("insurer", vip=True), {"forward": True, "informManagers": True}),
    ("ComplaintClass", complaint("insurer"), {"forward": True, "informManagers": False}),
    ("ComplaintClass", complaint("other"), {"forward": True}),
    ("ComplaintClass", complaint(detail="data-protection"), {"dataBreach": True}),
    ("ComplaintClass", complaint(claimedAmount=1_000.01), {"severity": "high"}),
    ("ComplaintClass", complaint(claimedAmount=1_000), {"severity": "normal"}),
    ("ComplaintClass", complaint(vip=True), {"severity": "high", "legalCheck": True}),
    ("ComplaintClass", complaint(aboutEmployee=True), {"severity": "high"}),
    ("ComplaintClass", complaint(detail="advice", consumer=True), {"severity": "medium"}),
    ("ComplaintTerms", {"receivedOn": "2026-11-23"}, {"answer": 15, "extendedAnswer": 35}),
    ("ComplaintTerms", {"receivedOn": "2020-01-01"}, {"answer": 15}),
    ("ComplaintTerms", {"receivedOn": "2019-12-31"}, {"answer": 10}),
    ("StandardTerms", standard("legal", "large", day="2025-12-31"), {"rateFactor": 1}),
    ("StandardTerms", standard("natural"), {"rateFactor": 1, "commissionPoints": 0}),
    ("StandardTerms", standard("foreign"), {"rateFactor": 1.05, "discountPoints": -2}),
    ("StandardTerms", standard("legal", "small"), {"rateFactor": 1, "deductibleFactor": 1}),
    ("StandardTerms", standard("legal"), {"rateFactor": 1, "discountPoints": 0}),
    ("StandardTerms", standard("legal", "medium", "cargo"), {"rateFactor": 0.97}),
    ("StandardTerms", standard("legal", "medium", "cyber"), {"deductibleFactor": 1}),
    ("StandardTerms", standard("legal", "large"), {"commissionPoints": -1, "rateFactor": 0.95}),
    ("StandardTerms", standard("legal", "large", "cyber"), {"rateFactor": 0.98}),
    ("StandardTerms", standard("legal", "large", day="2026-01-01"), {"deductibleFactor": 2}),
    ("DeviationPrice", differs("instalments", 1, 2), {"premiumPercent": 1}),
    ("DeviationPrice", differs("instalments", 1, 4), {"premiumPercent": 2}),
    ("DeviationPrice", differs("instalments", 2, 12), {"premiumPercent": 4}),
    ("DeviationPrice", differs("instalments", 4, 2), {"premiumPercent": 0}),
    ("DeviationPrice", differs("deductible", 500, 0), {"premiumPercent": 8}),
    ("DeviationPrice", differs("deductible", 500, 250), {"premiumPercent": 5}),
    ("DeviationPrice", differs("deductible", 500, 251), {"premiumPercent": 2.5}),
    ("DeviationPrice", differs("deductible", 500, 1_000), {"premiumPercent": -3}),
    ("DeviationPrice", differs("deductible", 500, 999), {"premiumPercent": 0}),
    ("DeviationPrice", differs("sum-insured", 500_000, 600_001), {"premiumPercent": 5}),
    ("DeviationPrice", differs("sum-insured", 500_000, 600_000), {"premiumPercent": 2}),
    ("DeviationPrice", differs("term", 12, 6), {"premiumPercent": 3}),
    ("DeviationPrice", differs("term", 12, 24), {"premiumPercent": 2}),
    ("DeviationPrice", differs("extra-cover", 0, 1, "interruption"), {"premiumPercent": 8}),
    ("DeviationPrice", differs("extra-cover", 0, 1, "assistance"), {"premiumPercent": 1.5}),
    ("DeviationPrice", differs("extra-cover", 0, 1, "theft"), {"premiumPercent": 3}),
    ("ComplaintTerms", {"receivedOn": "2013-06-05"}, {"answer": 20}),
    ("KycLevel", insured_person("mtpl", "natural", pep=True), {"level": "enhanced"}),
    ("KycLevel", insured_person("life", "foreign"), {"level": "enhanced"}),
    ("KycLevel", insured_person("life", "natural", pep=False), {"level": "standard"}),
    ("KycLevel", insured_person("life", "natural", premium=10_001), {"level": "enhanced"}),
    ("KycLevel", insured_person("cargo", "foreign"), {"level": "simplified"}),
    ("KycLevel", insured_person("mtpl", "foreign"), {"level": "simplified"}),
    ("KycLevel", insured_person("cargo", "legal"), {"level": "none"}),
    ("CallRetry", tried("call", "later", 2), {"again": True, "attempt": 2}),
    ("CallRetry", tried("call", "no-answer", 0), {"waitWorkingDays": 1, "hour": "14:00"}),
    ("CallRetry", tried("call", "no-answer", 1), {"waitWorkingDays": 1, "hour": "09:30"}),
    ("CallRetry", tried("call", "no-answer", 2), {"waitWorkingDays": 2, "attempt": 3}),
    ("CallRetry", tried("call", "no-answer", 3), {"waitWorkingDays": 3, "hour": "11:00"}),
    ("CallRetry", tried("call", "no-answer", 4), {"again": False}),
    ("CallRetry", tried("meeting", "no-show", 1), {"again": True}),
    ("CallRetry", tried("meeting", "no-show", 2), {"again": False}),
    ("CallRetry", tried("renewal", "no-answer", 0), {"waitWorkingDays": 3}),
    ("CallRetry", tried("renewal", "no-answer", 1), {"hour": "14:00"}),
    ("CallRetry", tried("renewal", "no-answer", 2), {"waitWorkingDays": 4}),
    ("CallRetry", tried("renewal", "no-answer", 3), {"again": False}),
]

LISTS: list[tuple[str, Context, set[str]]] = [
    ("NextProduct", holder("property", kind="legal"), {"property-no-liability"}),
    ("NextProduct", holder("property", "liability", kind="legal"), set()),
    ("NextProduct", holder(kind="legal", sector="transport"), {"carrier-no-cmr"}),
    ("NextProduct", holder("cargo", kind="legal", sector="transport"), set()),
    ("NextProduct", holder(kind="legal", sector="construction"), {"builder-no-car"}),
    ("NextProduct", holder(kind="legal", sector="it"), {"it-no-cyber"}),
    ("NextProduct", holder(kind="legal", staff=20), {"staff-no-health"}),
    ("NextProduct", holder(kind="legal", staff=19), set()),
    ("NextProduct", holder("mtpl", kind="legal", vehicles=1), {"vehicle-no-casco"}),
    ("NextProduct", holder("mtpl", "casco"), {"driver-no-household"}),
    ("NextProduct", holder("household"), {"home-no-travel"}),
    ("UnderInsurance", insured(110_000), set()),
    ("UnderInsurance", insured(110_001), {"under-insured"}),
    ("UnderInsurance", insured(110_001, product="travel"), set()),
    ("UnderInsurance", insured(0, reducedByLimit=True), {"claim-reduced"}),
    ("UnderInsurance", insured(0, daysSinceRenewal=60), {"after-renewal"}),
    ("UnderInsurance", insured(0, daysSinceRenewal=59), set()),
    ("UnderInsurance", insured(0, daysSinceRenewal=60, productClass="A"), set()),
]

DOCUMENTS: list[tuple[Context, set[str]]] = [
    (papers("mtpl", "natural", "A"), {"IPID", "asmens duomenų tvarkymo pranešimas"}),
    (papers("life", "natural", "B"), {"KID", "asmens duomenų tvarkymo pranešimas"}),
    (papers("group-health", "legal", "B"), {"IPID", "darbuotojų sąrašas", "atstovavimo pagrindas"}),
    (
        papers("construction", "foreign", "C", "en"),
        {
            "rizikos klausimynas",
            "atstovavimo pagrindas",
            "rangos sutartis ir sąmata",
            "paso ar tapatybės kortelės kopija",
            "susitarimas dėl dokumentų kalbos",
        },
    ),
    (
        papers("casco", "natural", "B", holder="leasing"),
        {"apžiūros nuotraukos", "išperkamosios nuomos bendrovės kaip naudos gavėjos patvirtinimas"},
    ),
    (
        papers("property", "legal", "B", holder="bank"),
        {"turto vertinimas", "banko kaip naudos gavėjo patvirtinimas"},
    ),
    (papers("liability", "legal", "B"), {"IPID", "praėjusių žalų pažyma"}),
    (papers("life", "natural", "C"), {"KID", "tinkamumo įvertinimas", "sveikatos anketa"}),
    (papers("household", "natural", "A"), {"nuotolinės sutarties informacija vartotojui"}),
]


def named(example: tuple[Any, ...]) -> str:
    return str(example[0]) if isinstance(example[0], str) else str(example[0]["product"]["key"])


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_a_row_decides_as_the_trade_does(example: tuple[str, Context, dict[str, Any]]) -> None:
    decision, context, expected = example
    found = decide(decision, DECISIONS, context)
    assert isinstance(found, dict)
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize("example", LISTS, ids=named)
def test_opportunities_are_named_by_their_rule(example: tuple[str, Context, set[str]]) -> None:
    decision, context, expected = example
    found = decide(decision, DECISIONS, context)
    assert isinstance(found, list)
    assert {row["rule"] for row in found} == expected


@pytest.mark.parametrize("example", DOCUMENTS, ids=named)
def test_documents_are_asked_for_by_product_and_client(
    example: tuple[Context, set[str]],
) -> None:
    context, expected = example
    found = decide("RequiredDocuments", DECISIONS, context)
    assert isinstance(found, list) and "poreikių anketa" in found
    asked = {"IPID" if "IPID" in each else "KID" if "KID" in each else each for each in found}
    assert expected <= asked
    assert not {"IPID", "KID"} <= asked


TABLES = sorted({decision for decision, *_rest in (*EXAMPLES, *LISTS)} | {"RequiredDocuments"})


@pytest.mark.parametrize("identifier", TABLES)
def test_every_row_is_met_by_an_example(identifier: str) -> None:
    decision = DECISIONS[identifier]
    contexts = [context for name, context, _expected in EXAMPLES if name == identifier]
    contexts += [context for name, context, _expected in LISTS if name == identifier]
    if identifier == "RequiredDocuments":
        contexts = [context for context, _expected in DOCUMENTS]
    met = {rule for context in contexts for rule in _fired(decision, context)}
    assert [rule.results for rule in decision.rules if rule.id not in met] == []


@pytest.mark.parametrize("day", ["2025-06-30", "2026-01-01", "2031-05-05"])
@pytest.mark.parametrize("kind", ["natural", "legal", "foreign"])
def test_exactly_one_row_says_what_is_standard_for_any_client(kind: str, day: str) -> None:
    for size in ("", "micro", "small", "medium", "large"):
        for product in ("mtpl", "property", "liability", "cargo", "construction", "a-new-one"):
            found = decide("StandardTerms", DECISIONS, standard(kind, size, product, day))
            assert isinstance(found, dict) and None not in found.values()


def test_every_table_of_the_business_has_examples() -> None:
    standards = {each for each in DECISIONS if each.endswith("Standards")}
    assert set(DECISIONS) - standards == set(TABLES)


@pytest.mark.parametrize("identifier", sorted(each for each in DECISIONS if "Standards" in each))
@pytest.mark.parametrize("product_class", ["A", "B", "C"])
def test_standards_grow_with_complexity_and_are_never_missing(
    identifier: str, product_class: str
) -> None:
    context = {
        "productClass": product_class,
        "product": {"key": "mtpl" if product_class == "A" else "liability"},
        "vip": False,
        "campaign": {"productClass": product_class},
        "complaintClass": {"severity": "normal"},
    }
    found = decide(identifier, DECISIONS, context)
    assert isinstance(found, list) and found
    steps = [row["step"] for row in found]
    assert len(steps) == len(set(steps)), "one standard for each step"
    for row in found:
        assert row["workingDays"] is not None and row["workingDays"] >= 0, row
        assert row["minutes"] is not None and row["minutes"] >= 0, row
        assert row["cost"] is not None and row["cost"] >= 0, row


def _fired(decision: Decision, context: Context) -> list[str]:
    """Ids of the rows that give the answer."""
    matching = [
        rule.id
        for rule in decision.rules
        if decide(
            decision.id,
            {decision.id: replace(decision, rules=(rule,), hit_policy="COLLECT")},
            context,
        )
    ]
    return matching[:1] if decision.hit_policy == "FIRST" else matching
