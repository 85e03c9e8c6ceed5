"""The environment's variables are checked before anything starts."""

from __future__ import annotations

import inspect
import re
import stat
from pathlib import Path

import pytest

from broker_crm.settings import LONGEST_SOCKET_PATH, SettingRejected, load, redis_socket


def test_no_variables_give_an_embedded_installation(tmp_path: Path) -> None:
    settings = load({"BROKER_CRM_DATA_DIR": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path}/broker_crm.sqlite3"
    assert settings.redis_is_embedded
    assert settings.smtp_url is None
    assert not settings.demo
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_addresses_get_the_driver(scheme: str) -> None:
    settings = load({"DATABASE_URL": f"{scheme}://ona:slapta@db/crm"})
    assert settings.database_url == "postgresql+psycopg://ona:slapta@db/crm"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BROKER_CRM_PORT", "0"),
        ("BROKER_CRM_PORT", "eight thousand"),
        ("BROKER_CRM_PORT", "٨٠٠٠"),
        ("BROKER_CRM_DEMO", "maybe"),
        ("BROKER_CRM_SAMPLE", "some"),
        ("BROKER_CRM_SECRET_KEY", "too short"),
        ("BROKER_CRM_DATA_KEY", "too short"),
        ("BROKER_CRM_MAIL_FROM", "nobody"),
        ("BROKER_CRM_MAIL_FROM", "a@b\r\nBcc: c@d"),
        ("BROKER_CRM_URL", "ftp://crm"),
        ("DATABASE_URL", "mysql://db/crm"),
        ("DATABASE_URL", "crm.sqlite3"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "postgresql://ona@db:port/crm"),
        ("REDIS_URL", "localhost:6379"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://mail:25000000"),
        ("METRICS_TOKEN", "too short"),
        ("BROKER_CRM_TRUSTED_PROXIES", "-1"),
        ("BROKER_CRM_TRUSTED_PROXIES", "10"),
        ("BROKER_CRM_WORKER_METRICS_PORT", "70000"),
        ("BROKER_CRM_LOG", "xml"),
    ],
)
def test_an_unusable_value_is_refused_by_its_variable(variable: str, value: str) -> None:
    with pytest.raises(SettingRejected) as refusal:
        load({variable: value})
    assert refusal.value.variable == variable
    assert str(refusal.value).startswith(variable)


def test_the_generated_key_stays_the_same_and_private(tmp_path: Path) -> None:
    environment = {"BROKER_CRM_DATA_DIR": str(tmp_path / "var")}
    first, second = load(environment).secret_key, load(environment).secret_key
    assert first == second
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "var" / "secret-key").stat().st_mode) == 0o600
    assert load(environment).data_key == load(environment).data_key != first


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BROKER_CRM_SECRET_KEY", "slapta" * 8),
        ("BROKER_CRM_DATA_KEY", "slapta" * 8),
        ("METRICS_TOKEN", "slapta" * 8),
        ("DATABASE_URL", "postgresql://ona:slapta@db/crm"),
        ("REDIS_URL", "redis://:slapta@redis/0"),
        ("SMTP_URL", "smtp://ona:slapta@mail"),
    ],
)
def test_a_secret_is_never_shown(variable: str, value: str) -> None:
    assert "slapta" not in repr(load({variable: value}))


def test_every_variable_is_in_the_table_of_the_readme() -> None:
    read = set(re.findall(r'\btext\("([A-Z_]+)"', Path(inspect.getfile(load)).read_text()))
    table = (Path(__file__).parents[1] / "README.md").read_text()
    assert read == set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE))


def test_a_socket_path_is_never_too_long() -> None:
    deep = Path("/") / "/".join(["directory"] * 20)
    assert len(str(redis_socket(deep))) <= LONGEST_SOCKET_PATH
    assert redis_socket(deep) == redis_socket(deep)
    assert redis_socket(deep) != redis_socket(deep / "other")
