"""Takes the pictures of the designers' guide anew, in the order of its way, in the product itself.

A designer signs in at a brokerage with a small past, adds a call to the renewal, corrects, tries,
publishes and compares it and moves the running cases; then a salesperson meets the call.

Usage: make pictures
"""

from __future__ import annotations

import logging
import sys
import tempfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, Page, expect  # noqa: E402
from sqlalchemy import select, update  # noqa: E402

from broker_crm import clock, worker  # noqa: E402
from broker_crm.crm.models import Client, Insurer, Policy, Product, RenewalStart  # noqa: E402
from broker_crm.people.demo import PASSWORD  # noqa: E402
from broker_crm.people.models import User  # noqa: E402
from broker_crm.process import complete  # noqa: E402
from broker_crm.process.models import TaskStatus, UserTask  # noqa: E402
from tests import chromium  # noqa: E402
from tests.brokerage import Furnished, furnished  # noqa: E402
from tests.journeys.people_at_work import served  # noqa: E402
from tests.journeys.workshop import DRAW_A_CALL, RENEWAL, write  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1280, 800
PAST = 0.05
"""Share of the sample's past: enough for some running cases."""
PATIENCE = 120_000
"""Milliseconds."""
SELLER = "jonas"
CALL = "Paskambinti dėl pakeitimų"
FLOW = "Flow_ChangesAnswer_TermsKnown"
PLACE = (-150, 165)
"""Where the call is drawn, from the gateway before it."""
LARGEST = 200_000
"""Bytes of a picture."""


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    expect.set_options(timeout=PATIENCE)
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="crm-pictures-") as folder,
        furnished(Path(folder), share=PAST) as office,
        served(office.app) as address,
        chromium.running(chromium.path()) as browser,
    ):
        case = begin_renewal(office)
        page = sign_in(browser, address, "designer")
        draw(page)
        look_at_files(page)
        try_it(page)
        publish(page)
        compare_and_move(page)
        answer_changes(office, case)
        page = sign_in(browser, address, SELLER)
        take(page, "inbox")


def begin_renewal(office: Furnished) -> UUID:
    """A policy of one of the salesperson's clients nears its end, so that its renewal begins."""
    today = clock.now().date()
    with office.factory.begin() as session:
        session.execute(update(User).values(language="en"))
        client = session.scalars(
            select(Client).where(Client.owner == SELLER, Client.kind == "legal").order_by(Client.id)
        ).first()
        product = session.scalars(select(Product).where(Product.key == "liability")).one()
        insurer = session.scalars(select(Insurer).order_by(Insurer.id)).first()
        assert client is not None and insurer is not None
        policy = Policy(
            number="CA-2026-0417",
            client_id=client.id,
            insurer_id=insurer.id,
            product_id=product.id,
            starts_on=today - timedelta(days=305),
            ends_on=today + timedelta(days=60),
            premium=Decimal(450),
            commission_percent=Decimal(20),
            sum_insured=Decimal(300_000),
            deductible=Decimal(500),
            created_at=clock.now(),
        )
        session.add(policy)
        session.flush()
        policy_id = policy.id
    worker.sweep(office.factory, office.settings)
    with office.factory() as session:
        statement = select(RenewalStart.instance_id).where(RenewalStart.policy_id == policy_id)
        return session.scalars(statement).one()


def sign_in(browser: Browser, address: str, login: str) -> Page:
    """A window of an English-speaking person in Vilnius."""
    context = browser.new_context(
        base_url=address,
        locale="en-GB",
        timezone_id="Europe/Vilnius",
        viewport={"width": WIDTH, "height": HEIGHT},
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("main h1")
    return page


def take(page: Page, name: str, height: int = HEIGHT) -> None:
    """The window as it is, without a cursor in a field.

    Args:
        page: what is shown.
        name: of the picture.
        height: of the window, where more of the page tells more.

    Raises:
        SystemExit: the picture is too large for the guide.
    """
    page.set_viewport_size({"width": WIDTH, "height": height})
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path, animations="disabled", caret="hide")
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size // 1000} kB")
    if size > LARGEST:
        raise SystemExit(f"{path} has more than {LARGEST} bytes.")


def opened(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_selector("#editor[data-ready=yes]")


def settled(page: Page) -> None:
    """The draft is kept, and the check has an answer."""
    expect(page.locator("#save-state[data-state=saved]")).to_be_visible()
    expect(page.locator("#findings-summary:not([data-state=checking])")).to_be_visible()


def drawn(page: Page) -> None:
    """The page's diagram is there."""
    page.wait_for_selector("main .djs-shape")


def draw(page: Page) -> None:
    """Stations 1 to 3: the call is drawn, gets a wrong form, is corrected."""
    page.goto("/design")
    take(page, "workshop")
    opened(page, RENEWAL)
    page.evaluate(DRAW_A_CALL, [FLOW, CALL, *PLACE])
    write(page, "Step", "Step key", "changes-call")
    write(page, "Step", "Form", "renewal-cal")
    expect(page.locator(".finding-badge-error")).to_be_visible()
    settled(page)
    page.locator("#findings").scroll_into_view_if_needed()
    take(page, "finding")
    write(page, "Step", "Form", "renewal-call")
    expect(page.locator(".finding-badge-error")).to_have_count(0)
    settled(page)


def look_at_files(page: Page) -> None:
    """What belongs to the step: its form, its standards, the letter behind it."""
    opened(page, "/design/files/form/renewal-call")
    page.locator("#canvas .fjs-form-field-radio").first.click()
    take(page, "form")
    opened(page, "/design/files/dmn/renewal_standards.dmn")
    take(page, "decision-table")
    opened(page, "/design/files/letter/renewal-offer.lt")
    expect(page.locator("#preview")).not_to_be_empty()
    take(page, "letter")


def try_it(page: Page) -> None:
    """Stations 4 and 5: a trial of the draft, some days on; then it is a scenario."""
    page.goto("/design/try/renewal?version=drafts")
    page.get_by_role("button", name="Begin the trial").click()
    page.wait_for_selector("[data-trial-form][data-ready=yes]")
    page.get_by_label("Pakeitimų nėra", exact=True).or_(
        page.get_by_label("No changes", exact=True)
    ).check()
    page.get_by_role("button", name="Complete").click()
    page.get_by_role("button", name="Next timer").click()
    page.wait_for_selector("[data-trial-form][data-ready=yes]")
    drawn(page)
    take(page, "trial", 900)
    page.locator("#save").get_by_label("Name").fill("Pakeitimų nėra, klientui skambinama")
    page.get_by_role("button", name="Save the scenario").click()
    page.get_by_role("button", name="Run all scenarios").click()
    expect(page.locator("#covered")).to_be_visible()
    drawn(page)
    take(page, "scenarios", 1280)


def publish(page: Page) -> None:
    page.goto("/design/publish")
    page.get_by_label("What has changed").fill("Skambutis dėl pakeitimų")
    take(page, "publish")
    page.get_by_role("button", name="Publish", exact=True).click()
    page.wait_for_selector(".message-good")


def compare_and_move(page: Page) -> None:
    """Stations 7 and 8: the new version beside the one before, and its running cases."""
    page.goto("/design/versions/renewal")
    page.get_by_text("Compare with the one before").first.click()
    page.wait_for_load_state("networkidle")
    drawn(page)
    take(page, "comparison")
    page.goto("/design/versions/renewal")
    page.get_by_text("Move cases").first.click()
    page.get_by_role("button", name="Rehearse").click()
    page.wait_for_selector("button[name=which][value=all]")
    take(page, "migration")
    page.locator("button[name=which][value=all]").click()
    page.wait_for_load_state("networkidle")


def answer_changes(office: Furnished, case: UUID) -> None:
    """The client says that nothing has changed, so that the new call is next."""
    values = {
        "changesOutcome": "no-changes",
        "sumInsured": 300_000,
        "strategy": "incumbent-only",
    }
    with office.factory.begin() as session:
        statement = select(UserTask.id).where(
            UserTask.instance_id == case, UserTask.status == TaskStatus.OPEN
        )
        complete(session, session.scalars(statement).one(), values, by=SELLER)


if __name__ == "__main__":
    main()
