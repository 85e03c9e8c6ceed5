"""The real Chromium that tests, measurements and pictures drive."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
)


class ChromiumMissing(Exception):
    """There is none on this machine."""

    def __init__(self) -> None:
        super().__init__("Chromium is missing: run make setup-tests.")


def path() -> str:
    """Where it is: `BROKER_CRM_CHROMIUM`, or the first of its usual names.

    Raises:
        ChromiumMissing: there is none.
    """
    named = os.environ.get("BROKER_CRM_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        raise ChromiumMissing
    return found


@contextmanager
def running(executable: str) -> Iterator[Browser]:
    """A Chromium without a window; it reaches nothing but this machine.

    Args:
        executable: as `path` gives it.
    """
    from playwright.sync_api import sync_playwright

    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=flags)
        yield browser
        browser.close()
