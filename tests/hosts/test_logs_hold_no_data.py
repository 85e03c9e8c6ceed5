"""Whatever people type and whatever fails, the logs of web and worker hold none of it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session, sessionmaker

from broker_crm import settings
from broker_crm.composition import compose
from broker_crm.crm.cases import start_case
from broker_crm.crm.models import Client, ContactPerson, Product
from broker_crm.db import connect, sessions
from broker_crm.definitions.publish import publish_folder
from broker_crm.outreach.models import Letter, OutboxEntry
from broker_crm.people.models import User
from broker_crm.people.tokens import create_token
from broker_crm.sample import seed
from tests.outreach import mail_server
from tests.outreach.mail_server import MailServer

from .machines import PATIENCE, PORT, Host, until
from .people import LETTER, Person

ROOT = Path(__file__).parents[2]
MARK = "zymeklis"
ADDRESS = "127.0.0.21"


@dataclass
class Office:
    host: Host
    factory: sessionmaker[Session]
    mail: MailServer
    tasks: list[UUID]
    token: str

    def execute(self, statement: str) -> None:
        with self.factory.begin() as session:
            session.execute(text(statement))


@pytest.fixture
def office(postgres_url: str, redis_url: str, tmp_path: Path) -> Iterator[Office]:
    """A host whose clients, people and settings all carry the mark."""
    host = Host("crm-1", ADDRESS, tmp_path / "crm-1", None)
    engine = connect(postgres_url)
    factory = sessions(engine)
    compose()
    with mail_server.running() as mail:
        mail.recipient_answer = f"550 there is no {MARK}-mailbox here"
        environment = {
            "DATABASE_URL": postgres_url,
            "REDIS_URL": redis_url,
            "SMTP_URL": mail.url,
            "METRICS_TOKEN": f"{MARK}-metrics-token",
            "BROKER_CRM_SECRET_KEY": f"{MARK}-secret-key-of-all-the-hosts",
            "BROKER_CRM_DEMO": "1",
        }
        with factory.begin() as session:
            publish_folder(session, ROOT)
        seed(factory, settings.load(environment), history=False)
        with factory.begin() as session:
            session.execute(update(Client).values(name=Client.name + f" {MARK}-client"))
            session.execute(update(ContactPerson).values(first_name=f"{MARK}-contact"))
            session.execute(update(User).values(name=User.name + f" {MARK}-colleague"))
            clients = session.scalars(
                select(Client.id).where(
                    Client.owner == "jonas", Client.kind == "legal", Client.vip.is_(False)
                )
            ).all()
            product = session.scalars(select(Product.id).where(Product.key == "liability")).one()
            tasks = [
                start_case(
                    session,
                    "new-client-sale",
                    {"clientId": client, "productId": product},
                    by="jonas",
                )
                .tasks[0]
                .id
                for client in clients[:2]
            ]
            token = create_token(session, "jonas")
        host.start(environment)
        try:
            yield Office(host, factory, mail, tasks, token)
        finally:
            host.lose()
            engine.dispose()


def test_marks_planted_everywhere_are_in_no_log_line(office: Office, redis_url: str) -> None:
    host, (first, second) = office.host, office.tasks
    jonas, stranger = Person("jonas", [host]), Person(f"{MARK}-login", [host])
    until(lambda: jonas.ask(host, "GET", "/health/ready")[0] == 200, "the web part answers")
    entered = {"login": f"{MARK}-login", "password": f"{MARK}-password"}
    assert stranger.ask(host, "POST", "/login", entered, form=True)[0] == 400
    jonas.sign_in(host)
    for path in (f"/clients?q={MARK}", f"/{MARK}?{MARK}={MARK}", f"/tasks/{first}"):
        assert jonas.ask(host, "GET", path)[0] in (200, 404)
    wrong = {"variables": {**LETTER, "recipientEmail": MARK, MARK: MARK}}
    assert jonas.ask(host, "POST", f"/tasks/{first}/complete", wrong)[0] == 422
    for sent in (
        f"GET /{MARK} HTTP/9.9\r\n{MARK}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {MARK}\r\n{MARK} {MARK}\r\n\r\n",
        f"POST /api/tasks/{first}/complete HTTP/1.1\r\nHost: crm\r\nContent-Length: 9\r\n"
        f"Authorization: Bearer {MARK}\r\nX-Request-ID: {MARK} {MARK}\r\n\r\n{MARK}x",
        f"GET /api/tasks?{MARK} HTTP/1.1\r\nHost: crm\r\n"
        f"Authorization: Bearer {office.token}\r\n\r\n",
    ):
        _send(sent)

    office.execute("ALTER TABLE user_task ADD CONSTRAINT broken CHECK (draft IS NULL) NOT VALID")
    draft = {"variables": {"letterNote": f"{MARK}-note"}}
    assert jonas.ask(host, "POST", f"/tasks/{first}/draft", draft)[0] == 500
    office.execute("ALTER TABLE user_task DROP CONSTRAINT broken")
    assert jonas.ask(host, "POST", f"/tasks/{first}/draft", draft)[0] == 200

    office.execute("ALTER TABLE outbox ADD CONSTRAINT broken CHECK (last_error IS NULL) NOT VALID")
    for task in (first, second):
        letter = {**LETTER, "recipientEmail": f"{MARK}@klientas.example"}
        assert jonas.ask(host, "POST", f"/tasks/{task}/complete", {"variables": letter})[0] == 200
    until(lambda: '"sqlstate": "23514"' in _said(host, "worker"), "the worker fails")
    office.execute("ALTER TABLE outbox DROP CONSTRAINT broken")
    until(lambda: _kept(office) >= 1, "a letter's fate is written")

    for part in ("web", "worker"):
        events = [json.loads(line) for line in _said(host, part).splitlines()]
        assert [event for event in events if event.get("error", {}).get("sqlstate") == "23514"]
    assert MARK not in host.said().lower()
    for secret in (office.token, jonas.cookie.partition("=")[2], jonas.token):
        assert secret not in host.said()
    with Redis.from_url(redis_url) as client:
        for key in client.scan_iter():
            assert MARK.encode() not in (client.dump(key) or b"").lower()


def _kept(office: Office) -> int:
    """Letters whose rejection, with the mark in it, the database knows."""
    with office.factory() as session:
        assert session.scalar(select(Letter.id).where(Letter.recipient.contains(MARK)).limit(1))
        told = select(OutboxEntry.letter_id).where(OutboxEntry.last_error.is_not(None))
        return len(session.scalars(told).all())


def _said(host: Host, part: str) -> str:
    return (host.folder / f"{part}.log").read_text()


def _send(sent: str) -> None:
    """Bytes as no browser would send them; the answer does not matter."""
    with socket.create_connection((ADDRESS, PORT), PATIENCE) as connection:
        connection.sendall(sent.encode())
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1024)
