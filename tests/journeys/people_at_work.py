"""People in front of the pages: they sign in, take tasks, fill in forms and read what is said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from werkzeug.serving import make_server

from broker_crm import clock
from broker_crm.people.demo import PASSWORD

FORMS = Path(__file__).parents[2] / "forms"


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application on a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def components() -> dict[str, dict[str, Any]]:
    """Fields of all forms by key and form."""
    found: dict[str, dict[str, Any]] = {}
    for path in FORMS.glob("*.form"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        found[schema["id"]] = {each["key"]: each for each in schema["components"] if "key" in each}
    return found


FIELDS = components()


class Person:
    """Somebody signed in, in a window of their own, whose browser shows the office's time."""

    def __init__(self, browser: Browser, address: str, login: str) -> None:
        self.complaints: list[str] = []
        self._address = address
        self._context: BrowserContext = browser.new_context(
            locale="lt-LT", timezone_id="Europe/Vilnius", viewport={"width": 1280, "height": 900}
        )
        self._context.set_default_timeout(15_000)
        self.page: Page = self._context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.visit("/")
        self.page.get_by_label("Prisijungimo vardas").fill(login)
        self.page.get_by_label("Slaptažodis").fill(PASSWORD)
        self.page.get_by_role("button", name="Prisijungti").click()
        expect(self.page.get_by_role("heading", name="Užduotys", exact=True)).to_be_visible()

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def visit(self, path: str) -> None:
        self.page.clock.set_system_time(clock.now())
        self.page.goto(self._address + path)

    def open_task(self, step: str, scope: str = "mine") -> None:
        """Open the only task of this step."""
        self.visit(f"/?scope={scope}")
        self.page.get_by_role("link", name=step, exact=True).click()
        self.ready()

    def ready(self) -> None:
        expect(self.page.locator("#form[data-ready]")).to_be_visible(timeout=15_000)

    def answer(self, form_id: str, **values: Any) -> None:
        """Fill in fields of the form as they are labelled."""
        for key, value in values.items():
            self._fill(FIELDS[form_id][key], value)

    def choose(self, label: str, start: str) -> None:
        """Pick the option of a list that the case offers, by the beginning of its name."""
        place = self.field(label)
        place.locator(".fjs-input-group").click()
        options = place.locator(".fjs-dropdownlist-item")
        options.filter(has_text=re.compile("^" + re.escape(start))).first.click()

    def complete(self) -> None:
        here = self.page.url
        self.page.get_by_role("button", name="Užbaigti").click()
        try:
            self.page.wait_for_url(lambda address: address != here)
        except PlaywrightTimeout:
            refused = self.page.locator("#form-messages, #form .fjs-has-errors").all_inner_texts()
            raise AssertionError(f"The form was refused: {refused}") from None

    def field(self, label: str) -> Locator:
        """The field's place on the page."""
        start = re.compile("^" + re.escape(label))
        return self.page.locator("#form .fjs-form-field").filter(has_text=start)

    def _fill(self, component: dict[str, Any], value: Any) -> None:
        kind = component["type"]
        label = component.get("label") or component.get("dateLabel") or ""
        place = self.field(label)
        words = {each["value"]: each["label"] for each in component.get("values", [])}
        if kind == "radio":
            place.get_by_label(words[value], exact=True).check()
        elif kind == "checklist":
            for each in value:
                place.get_by_label(words[each], exact=True).check()
        elif kind == "checkbox":
            place.get_by_role("checkbox").check()
        elif kind == "select":
            place.locator(".fjs-input-group").click()
            label = words.get(value, str(value))
            place.locator(".fjs-dropdownlist-item").get_by_text(label, exact=True).click()
        elif kind == "datetime":
            day, _, hour = str(value).partition("T")
            date = place.locator("input.flatpickr-input").first
            for _ in range(5):
                self._painted()
                date.fill(day)
                date.press("Enter")
                self._painted()
                if date.input_value():
                    break
            if hour:
                time = place.locator("input").last
                time.fill(hour)
                time.press("Enter")
        else:
            place.locator("input, textarea").first.fill(str(value))

    def _painted(self) -> None:
        """Wait for the page's next frames: a calendar that has just appeared starts a frame later
        and empties what was typed before.
        """
        frame = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
        for _ in range(3):
            self.page.evaluate(frame)

    def leave(self) -> None:
        self._context.close()
