"""The lock files hold what the project asks for, from wherever a machine gets its packages."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.lock").read_text()


def test_every_python_requirement_is_locked_at_its_pin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["dev"]
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, flags=re.MULTILINE))
    for requirement in asked:
        name, _, version = requirement.partition("==")
        plain = re.sub(r"\[.*\]", "", name).replace("_", "-").lower()
        assert locked.get(plain) == version, f"{requirement}: run make lock"


def test_every_locked_python_package_has_a_hash() -> None:
    for block in re.split(r"\n(?=[a-z])", LOCK):
        assert "--hash=sha256:" in block


def test_every_browser_requirement_is_locked_at_its_pin() -> None:
    asked = json.loads((ROOT / "frontend" / "package.json").read_text())
    locked = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    for name, version in (asked["dependencies"] | asked["devDependencies"]).items():
        assert locked[f"node_modules/{name}"]["version"] == version


def test_no_lock_file_names_where_packages_come_from() -> None:
    packages = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert "://" not in LOCK
    assert "--index-url" not in LOCK
