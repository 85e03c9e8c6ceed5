"""Settings: every environment variable that the product reads, checked in one place."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

LONGEST_SOCKET_PATH = 107
"""Bytes that the kernel allows in the path of a Unix socket."""

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"", "0", "false", "no", "off"})


class SettingRejected(ValueError):
    """An environment variable has a value that can't be used.

    Attributes:
        variable: the variable's name.
    """

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"{variable}: {reason}")
        self.variable = variable


@dataclass(frozen=True, slots=True)
class Settings:
    """What one process of the product was told by its environment."""

    data_dir: Path
    """Absolute directory of the embedded database, Redis, secret key and generated files."""
    host: str
    port: int
    database_url: str = field(repr=False)
    """SQLAlchemy URL with its driver, `sqlite:///…` or `postgresql+psycopg://…`."""
    redis_url: str = field(repr=False)
    redis_is_embedded: bool
    """True when `broker-crm run` starts Redis itself."""
    smtp_url: str | None = field(repr=False)
    """`smtp://` or `smtps://`; None keeps mail in the local outbox."""
    mail_from: str
    company: str
    base_url: str
    """Address of the pages as people reach them, without a closing slash; used in letters."""
    demo: bool
    """True lets the sample logins in and shows their password."""
    sample: Literal["full", "small", "none"]
    """How much of the past an empty demo is furnished with."""
    web_workers: int
    trusted_proxies: int
    """Proxies in front of the web part whose X-Forwarded-For and -Proto are believed."""
    worker_metrics_port: int | None
    """Where each worker shows its metrics; None for nowhere."""
    log_format: Literal["json", "text"]
    given_secret_key: str | None = field(default=None, repr=False)
    given_data_key: str | None = field(default=None, repr=False)
    metrics_token: str | None = field(default=None, repr=False)
    """What an operator's program has to show to read metrics and details of the health."""

    @property
    def secret_key(self) -> str:
        """The key that signs sessions: as given, or one generated once in the data directory."""
        return self.given_secret_key or _generated_key(self.data_dir / "secret-key")

    @property
    def data_key(self) -> str:
        """The key that seals personal codes: as given, or one generated once in the data directory.

        What was sealed can't be opened without it, so it is kept apart from the database's backup.
        """
        return self.given_data_key or _generated_key(self.data_dir / "data-key")

    def make_data_dir(self) -> None:
        """Make sure that the data directory is there and can be written to.

        Raises:
            SettingRejected: when it can't.
        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.data_dir):
                pass
        except OSError as error:
            raise SettingRejected(
                "BROKER_CRM_DATA_DIR", f"{self.data_dir} can't be used: {error.strerror}."
            ) from error

    @property
    def is_sqlite(self) -> bool:
        """True for the embedded database."""
        return self.database_url.startswith("sqlite")


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Args:
        environment: variables to read instead of the process's own.

    Raises:
        SettingRejected: when a value can't be used; the message names the variable.
    """
    env = os.environ if environment is None else environment

    def text(variable: str, default: str = "") -> str:
        return env.get(variable, "").strip() or default

    data_dir = Path(text("BROKER_CRM_DATA_DIR", "var")).expanduser().absolute()
    host = text("BROKER_CRM_HOST", "127.0.0.1")
    port = _number("BROKER_CRM_PORT", text("BROKER_CRM_PORT", "8000"), 1, 65535)
    redis_url = text("REDIS_URL")
    worker_metrics_port = _number(
        "BROKER_CRM_WORKER_METRICS_PORT", text("BROKER_CRM_WORKER_METRICS_PORT", "0"), 0, 65535
    )
    return Settings(
        data_dir=data_dir,
        host=host,
        port=port,
        database_url=_database_url(text("DATABASE_URL"), data_dir),
        redis_url=(
            _checked_url("REDIS_URL", redis_url, {"redis", "rediss", "unix"})
            if redis_url
            else f"unix://{redis_socket(data_dir)}"
        ),
        redis_is_embedded=not redis_url,
        smtp_url=(
            _checked_url("SMTP_URL", text("SMTP_URL"), {"smtp", "smtps"})
            if text("SMTP_URL")
            else None
        ),
        mail_from=_address("BROKER_CRM_MAIL_FROM", text("BROKER_CRM_MAIL_FROM", "crm@localhost")),
        company=text("BROKER_CRM_COMPANY", "Broker CRM"),
        base_url=_checked_url(
            "BROKER_CRM_URL", text("BROKER_CRM_URL", f"http://{host}:{port}"), {"http", "https"}
        ).rstrip("/"),
        demo=_yes_or_no("BROKER_CRM_DEMO", text("BROKER_CRM_DEMO")),
        sample=_sample(text("BROKER_CRM_SAMPLE")),
        web_workers=_number("BROKER_CRM_WEB_WORKERS", text("BROKER_CRM_WEB_WORKERS", "2"), 1, 64),
        trusted_proxies=_number(
            "BROKER_CRM_TRUSTED_PROXIES", text("BROKER_CRM_TRUSTED_PROXIES", "0"), 0, 9
        ),
        worker_metrics_port=worker_metrics_port or None,
        log_format=_log_format(text("BROKER_CRM_LOG")),
        given_secret_key=_secret("BROKER_CRM_SECRET_KEY", text("BROKER_CRM_SECRET_KEY"), 32),
        given_data_key=_secret("BROKER_CRM_DATA_KEY", text("BROKER_CRM_DATA_KEY"), 32),
        metrics_token=_secret("METRICS_TOKEN", text("METRICS_TOKEN"), 16),
    )


def redis_socket(data_dir: Path) -> Path:
    """Where the embedded Redis of this data directory listens.

    A data directory whose path is too long for a socket gets a short one in the temporary
    directory, the same for every process of the same user.
    """
    usual = data_dir / "redis.sock"
    if len(os.fsencode(usual)) <= LONGEST_SOCKET_PATH:
        return usual
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"broker-crm-{os.getuid()}-{digest}" / "redis.sock"


def _database_url(url: str, data_dir: Path) -> str:
    if not url:
        return f"sqlite:///{data_dir / 'broker_crm.sqlite3'}"
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise SettingRejected("DATABASE_URL", "write it as postgresql://user:password@host/name.")
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"}:
        _split("DATABASE_URL", url)
        return f"postgresql+psycopg://{rest}"
    if scheme == "sqlite":
        if rest in {"", "/", "/:memory:"}:
            raise SettingRejected("DATABASE_URL", "name a file: sqlite:////path/file.sqlite3.")
        return url
    raise SettingRejected(
        "DATABASE_URL", f"{scheme} is not supported; use postgresql:// or sqlite:///."
    )


def _checked_url(variable: str, url: str, schemes: set[str]) -> str:
    parts = _split(variable, url)
    if parts.scheme not in schemes:
        raise SettingRejected(variable, f"must begin with {' or '.join(sorted(schemes))}://.")
    if not (parts.path if parts.scheme == "unix" else parts.hostname):
        raise SettingRejected(variable, "names no host.")
    return url


def _split(variable: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise SettingRejected(variable, f"is not a valid address: {error}.") from error
    return parts


def _number(variable: str, text: str, lowest: int, highest: int) -> int:
    if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
        raise SettingRejected(
            variable, f"must be a whole number from {lowest} to {highest}, not {text!r}."
        )
    return int(text)


def _secret(variable: str, text: str, shortest: int) -> str | None:
    if text and len(text) < shortest:
        raise SettingRejected(variable, f"give at least {shortest} characters.")
    return text or None


def _log_format(word: str) -> Literal["json", "text"]:
    if word == "json" or (not word and not sys.stderr.isatty()):
        return "json"
    if word and word != "text":
        raise SettingRejected("BROKER_CRM_LOG", f"must be json or text, not {word!r}.")
    return "text"


def _sample(word: str) -> Literal["full", "small", "none"]:
    if word == "small":
        return "small"
    if word == "none":
        return "none"
    if word and word != "full":
        raise SettingRejected("BROKER_CRM_SAMPLE", f"must be full, small or none, not {word!r}.")
    return "full"


def _yes_or_no(variable: str, text: str) -> bool:
    word = text.lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise SettingRejected(variable, f"must be 1 or 0, not {text!r}.")
    return word in TRUE_WORDS


def _address(variable: str, text: str) -> str:
    name, at, host = text.rpartition("@")
    if not (name and at and host) or any(mark in text for mark in "\r\n"):
        raise SettingRejected(variable, f"must be an e-mail address, not {text!r}.")
    return text


def _generated_key(path: Path) -> str:
    """The key in the file; when the file is not there, it is made so that one process wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
