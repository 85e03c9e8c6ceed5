"""What is planted in the past, with the figures that the questions must find again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Offer, OfferLine
from broker_crm.definitions.models import ProcessVersion
from broker_crm.sample import earlier

from .past import Case, Past, Unfinished

SALES, RENEWALS, DAYS = 1_500, 700, 700

LATE_CALLER, CALLER_SHARE, CALLER_DAYS = "tomas", 0.8, 3
"""Who calls late, how often, and by how many working days."""
CLEAR, USUAL = 0.55, {"A": 0.28, "B": 0.34}
"""Interest of hauliers offered cargo insurance; of all others, by the first letter."""
SLOW_PRODUCT, SLOW_SHARE, SLOW_DAYS = "property", 0.6, 2
"""Whose offers are approved late."""
GENEROUS, GIVEN, USUALLY_GIVEN = "darius", 12, 3
"""Who gives how many percent of the premium away."""
MISSED, MISSED_IN_JULY = 0.12, 0.4
FURTHER, FURTHER_VIP = 0.18, 0.42
CROWDED_TEAM, CROWDED_SHARE, CROWDED_DAYS = "kaunas", 0.45, 2
"""Who is late in December, how often, by how many working days."""
CROWDED_LOAD = 1.5
"""How much the same team has to do in two weeks of the December to come."""
LITTLE_KNOWN, LITTLE = "laura", 6
"""Of whom there is too little to judge: so many sales, and all of them won."""
LATE_OFFERS, LATE_OFFER_DAYS = 0.16, 5
KEPT, KEPT_WHEN_LATE = 0.85, 0.74
"""Policies renewed after an offer in time, and after one in the last days."""
DEARER = 0.3
"""Of those who leave, how many leave because of the price."""

SALE_ELEMENTS = {
    "intro-letter": "Task_IntroLetter",
    "first-call": "Task_FirstCall",
    "meeting": "Task_Meeting",
    "needs-record": "Task_NeedsRecord",
    "offer-preparation": "Task_PrepareOffer",
    "offer-approval": "Task_ApproveOffer",
    "offer-letter": "Task_OfferLetter",
    "offer-call": "Task_OfferCall",
    "contract-preparation": "Task_PrepareContract",
    "contract-approval": "Task_ApproveContract",
    "signing": "Task_Signing",
}
RENEWAL_ELEMENTS = {
    "client-changes": "Task_ClientChanges",
    "offer-preparation": "Task_RenewalOffer",
    "renewal-letter": "Task_RenewalLetter",
    "renewal-call": "Task_RenewalCall",
    "negotiation": "Task_RenewalNegotiation",
    "policy-check": "Task_PolicyCheck",
}
SECTORS = ("it", "wholesale", "construction", "manufacturing", "health", "agriculture")
SIZES = ("micro", "small", "medium", "large")
REGIONS = ("Vilnius", "Kaunas", "Klaipėda")
OF_HAULIERS = ("cargo", "cargo", "construction", "cyber", "liability", "property")
OF_COMPANIES = ("liability", "property", "property", "construction", "cyber", "casco", "cargo")
OF_PERSONS = ("mtpl", "household", "travel", "casco")


@dataclass
class Planted:
    """The past and what was written of it.

    Attributes:
        past: its rows.
        versions: of the sale by letter, and of the renewal.
        offers: to be written with their lines.
        turned: when the second letter came.
    """

    past: Past
    versions: dict[str, ProcessVersion]
    turned: datetime
    offers: list[Offer] = field(default_factory=list)

    # -- sales -------------------------------------------------------------------------------

    def sale(self, number: int) -> None:
        past = self.past
        began = past.working_morning(DAYS * (1 - number / SALES))
        letter = "A" if began < self.turned else "B"
        owner = past.chance.choice([each for each in past.sellers if each != LITTLE_KNOWN])
        if past.chance.random() < 0.3:
            segment, products = "natural", OF_PERSONS
        else:
            haulier = past.chance.random() < 0.17
            sector = "transport" if haulier else past.chance.choice(SECTORS)
            segment = f"legal/{sector}/{past.chance.choice(SIZES)}"
            products = OF_HAULIERS if haulier else OF_COMPANIES
        self._sell(began, letter, owner, segment, past.chance.choice(products))

    def little_known(self, number: int) -> None:
        """A sale of hers, in which everything goes well."""
        began = self.past.working_morning(100 + 10 * number)
        self._sell(began, "B", LITTLE_KNOWN, "legal/it/small", "liability", lucky=True)

    def _sell(
        self,
        began: datetime,
        letter: str,
        owner: str,
        segment: str,
        product: str,
        *,
        lucky: bool = False,
    ) -> None:
        past, found = self.past, self.past.products[product]
        case = Case(
            past,
            began,
            SALE_ELEMENTS,
            version_id=self.versions[letter].id,
            process_key="new-client-sale",
            product_id=found.id,
            owner=owner,
            segment=segment,
            vip=past.chance.random() < 0.15,
            region=past.chance.choice(REGIONS),
            complexity=found.complexity,
        )
        try:
            outcome = self._steps_of_sale(case, letter, product, lucky)
        except Unfinished:
            return
        case.end(outcome)

    def _steps_of_sale(self, case: Case, letter: str, product: str, lucky: bool) -> str:
        past, owner = self.past, str(case.row["owner"])
        case.step("intro-letter", 1, "send", late=self._crowded(case, 1))
        for attempt in range(3):
            days = 5 if letter == "A" else 3
            late = self._call_late(owner) or self._crowded(case, days)
            answered = lucky or not past.happens(0.34, "answered")
            outcome = "no-answer"
            if answered:
                outcome = self._interest(case, letter, product, lucky)
            case.step("first-call", days, outcome, late=late)
            if answered:
                break
            if attempt == 2:
                return "unreachable"
        if outcome == "not-interested":
            return outcome
        for _attempt in range(2):
            july = past.calendar.local_day(case.at).month == 7
            missed = not lucky and past.happens(MISSED_IN_JULY if july else MISSED, "met", july)
            further = lucky or past.happens(0.72, "further")
            outcome = "interested-further" if further else "not-interested"
            said = "no-show" if missed else outcome
            case.step("meeting", 5, said, late=self._crowded(case, 5))
            if not missed:
                break
        if missed:
            return "no-show"
        if outcome == "not-interested":
            return outcome
        self._offer(case, product, owner)
        accepts = lucky or past.happens(0.66, "accepts")
        said = "accepts" if accepts else "not-interested"
        late = self._call_late(owner) or self._crowded(case, 3)
        case.step("offer-call", 3, said, late=late)
        if not accepts:
            return "refused"
        manager = str(past.products[product].product_manager)
        case.step("contract-preparation", 2, late=self._crowded(case, 2))
        case.step("contract-approval", 1, "approve", by=manager)
        signs = lucky or past.happens(0.93, "signs")
        outcome = "signed" if signs else "refused"
        case.step("signing", 5, outcome, late=self._crowded(case, 5))
        return outcome

    def _interest(self, case: Case, letter: str, product: str, lucky: bool) -> str:
        clear = "/transport/" in case.row["segment"] and product == "cargo"
        person = case.row["segment"] == "natural"
        share = CLEAR if clear else USUAL[letter]
        interested = lucky or self.past.happens(share, "interest", clear, letter, person)
        return "interested" if interested else "not-interested"

    def _offer(self, case: Case, product: str, owner: str) -> None:
        past = self.past
        case.step("offer-preparation", 3, late=self._crowded(case, 3))
        prepared = case.at
        slow = product == SLOW_PRODUCT and past.happens(SLOW_SHARE, "slow")
        manager = str(past.products[product].product_manager)
        case.step("offer-approval", 1, "approve", by=manager, late=SLOW_DAYS if slow else 0)
        usual = GIVEN if owner == GENEROUS else USUALLY_GIVEN
        given = usual + past.chance.choice((-1, 0, 1))
        self._write(case, prepared, past.products[product].id, given, approved_by=manager)
        case.step("offer-letter", 1, late=self._crowded(case, 1))

    def _write(
        self, case: Case, at: datetime, product_id: int, given: int, approved_by: str | None = None
    ) -> None:
        """An offer of one line, given so many percent below the standard."""
        standard = Decimal(self.past.chance.randrange(500, 2500, 10))
        premium = standard * (100 - given) / 100
        line = OfferLine(
            product_id=product_id,
            premium=premium,
            commission_percent=Decimal(15),
            standard_premium=standard,
            standard_commission_percent=Decimal(15),
            premium_deviation_percent=Decimal(given),
            commission_deviation=Decimal(0),
            premium_effect=standard - premium,
            commission_effect=(standard - premium) * 15 / 100,
            other_premium_effect=Decimal(0),
            other_commission_effect=Decimal(0),
        )
        self.offers.append(
            Offer(
                client_id=case.row["client_id"],
                instance_id=case.row["id"],
                version=1,
                status="sent",
                prepared_by=case.row["owner"],
                prepared_at=at,
                approved_by=approved_by,
                lines=[line],
            )
        )

    def _call_late(self, owner: str) -> int:
        if owner == LATE_CALLER and self.past.happens(CALLER_SHARE, "calls"):
            return CALLER_DAYS
        return 1 if self.past.chance.random() < 0.05 else 0

    def _crowded(self, case: Case, days: float) -> int:
        """Days late with what is due in a December, of the team that has too much to do then."""
        calendar = self.past.calendar
        december = calendar.local_day(calendar.due_at(case.at, days)).month == 12
        if not december or self.past.team[case.row["owner"]] != CROWDED_TEAM:
            return 0
        return CROWDED_DAYS if self.past.happens(CROWDED_SHARE, "crowded") else 0

    # -- renewals ----------------------------------------------------------------------------

    def renewal(self, number: int) -> None:
        past = self.past
        product = past.products[past.chance.choice(("mtpl", "casco", "liability", "property"))]
        case = Case(
            past,
            past.working_morning(DAYS * (1 - number / RENEWALS)),
            RENEWAL_ELEMENTS,
            version_id=self.versions["renewal"].id,
            process_key="renewal",
            product_id=product.id,
            owner=past.chance.choice([each for each in past.sellers if each != LITTLE_KNOWN]),
            segment=past.chance.choice(("natural", "legal/it/small", "legal/wholesale/micro")),
            vip=past.chance.random() < 0.15,
            region=past.chance.choice(REGIONS),
            complexity=product.complexity,
        )
        try:
            self._steps_of_renewal(case)
        except Unfinished:
            return

    def _steps_of_renewal(self, case: Case) -> None:
        past, vip = self.past, bool(case.row["vip"])
        late = past.happens(LATE_OFFERS, "late offer")
        keeps = past.happens(KEPT_WHEN_LATE if late else KEPT, "keeps", late)
        case.step("client-changes", 3, "no-changes")
        case.step("offer-preparation", 5, late=LATE_OFFER_DAYS if late else 0)
        self._write(case, case.at, case.row["product_id"], 0)
        case.step("renewal-letter", 1)
        negotiates = past.chance.random() < 0.5
        said = "negotiate" if negotiates else "accepts" if keeps else "refuses"
        case.step("renewal-call", 3, said)
        for _round in range(3 if negotiates else 0):
            if not past.happens(FURTHER_VIP if vip else FURTHER, "round", vip):
                break
            case.step("negotiation", 3, "new-offer")
        if negotiates:
            case.step("negotiation", 3, "agreed" if keeps else "refused")
        if keeps:
            case.step("policy-check", 2, "match")
            case.end("renewed-same-insurer")
        else:
            dearer = past.happens(DEARER, "dearer")
            case.end("lost-to-competitor", "price" if dearer else "competitor")

    # -- the present -------------------------------------------------------------------------

    def december_to_come(self) -> None:
        """In the weeks from 7 December each of the crowded team has half as much again to do."""
        past = self.past
        for person in (each for each in past.sellers if past.team[each] == CROWDED_TEAM):
            case = Case(
                past,
                past.now,
                SALE_ELEMENTS,
                version_id=self.versions["B"].id,
                process_key="new-client-sale",
                product_id=past.products["liability"].id,
                owner=person,
                segment="legal/it/small",
            )
            for days in (10, 15):
                case.row_of("needs-record", days, standard_minutes=CROWDED_LOAD * 5 * 480)


def plant(session: Session, now: datetime) -> Planted:
    """Write the past; the caller commits.

    Args:
        session: of a brokerage before its first sale.
        now: its present.
    """
    earlier.publish_earlier(session, now)
    earlier.publish_present(session, now)
    found = session.scalars(select(ProcessVersion).order_by(ProcessVersion.number))
    versions = {
        "A" if each.note == earlier.NOTE else "B": each
        for each in found
        if each.process_key == "new-client-sale"
    }
    renewals = select(ProcessVersion).where(ProcessVersion.process_key == "renewal")
    newest = renewals.order_by(ProcessVersion.number.desc()).limit(1)
    versions["renewal"] = session.scalars(newest).one()
    turned = earlier.present_in_use_since(now).now()
    planted = Planted(Past(session, now), versions, turned)
    for number in range(SALES):
        planted.sale(number)
    for number in range(LITTLE):
        planted.little_known(number)
    for number in range(RENEWALS):
        planted.renewal(number)
    planted.december_to_come()
    planted.past.write()
    session.add_all(planted.offers)
    return planted
