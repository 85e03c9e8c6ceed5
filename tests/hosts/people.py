"""Somebody at a browser without scripts, whom any of the hosts serves."""

from __future__ import annotations

import json
import re
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from urllib.parse import urlencode
from uuid import UUID

from broker_crm.people.demo import PASSWORD

from .machines import PORT, Host

LETTER = {
    "introLetterOutcome": "send",
    "letterLanguage": "lt",
    "recipientEmail": "info@klientas.example",
}


class Person:
    """Somebody with one session whom any host serves; asks the next host when one fails."""

    def __init__(self, login: str, hosts: list[Host], patience: float = 60) -> None:
        self.login = login
        self.cookie = ""
        self.token = ""
        self.hosts = cycle(hosts)
        self.patience = patience

    def ask(
        self, host: Host, method: str, path: str, body: object = None, *, form: bool = False
    ) -> tuple[int, str]:
        """Status and page; 0 when the host does not answer."""
        headers = {"Cookie": self.cookie, "X-CSRFToken": self.token, "Accept-Language": "lt"}
        sent: str | None = None
        if body is not None:
            sent = urlencode(body) if form else json.dumps(body)  # type: ignore[arg-type]
            kind = "x-www-form-urlencoded" if form else "json"
            headers["Content-Type"] = f"application/{kind}"
        with closing(HTTPConnection(host.address, PORT, timeout=self.patience)) as connection:
            try:
                connection.request(method, path, sent, headers)
                answer = connection.getresponse()
                page = answer.read().decode()
            except (OSError, HTTPException):
                return 0, ""
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            self.cookie = cookie.partition(";")[0]
        return answer.status, page

    def sign_in(self, host: Host) -> None:
        _status, page = self.ask(host, "GET", "/login")
        self._read_token(page)
        entered = {"login": self.login, "password": PASSWORD}
        assert self.ask(host, "POST", "/login", entered, form=True)[0] == 303
        self._read_token(self.ask(host, "GET", "/")[1])

    def complete(self, task: UUID) -> str | None:
        """'done' when a host said so, 'already' when an earlier try had reached the database."""
        status, page = self.ask(
            next(self.hosts), "POST", f"/tasks/{task}/complete", {"variables": LETTER}
        )
        if status == 200:
            return "done"
        assert status in (0, 409, 503), (status, page)
        return "already" if status == 409 and "already-completed" in page else None

    def _read_token(self, page: str) -> None:
        found = re.search(r'name="csrf[-_]token" (?:value|content)="([^"]+)"', page)
        assert found is not None
        self.token = found[1]
