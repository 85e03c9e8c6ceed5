"""Set-up of a fresh clone: virtual environment, Node, browser bundles and, for tests, Chromium.

Needs nothing but Python. Each step leaves a stamp with the hash of what it was made from, so a
second run does only what has changed.

Usage: python3 tools/setup.py [--browser]
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
FRONTEND = ROOT / "frontend"
BUNDLES = [
    ROOT / "broker_crm" / "web" / "static" / "vendor" / "app.js",
    ROOT / "broker_crm" / "engine" / "feel" / "feelin.js",
]
SUPPORTED = [(3, 11), (3, 12)]
CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


class SetupFailed(Exception):
    """Set-up can't go on; the message says why and what to do."""


def main():
    if sys.version_info[:2] not in SUPPORTED:
        raise SetupFailed(
            f"Python 3.11 or 3.12 is needed, this is {sys.version.split()[0]} ({sys.executable}).\n"
            "Install one and name it: make PYTHON=/path/to/python3.11 setup"
        )
    with one_at_a_time():
        make_environment()
        install_packages()
        install_node_modules()
        build_bundles()
        if "--browser" in sys.argv[1:]:
            find_browser()


def make_environment():
    if works(VENV_PYTHON, "-c", "import pip"):
        return
    say("Making the virtual environment")
    run(
        [sys.executable, "-m", "venv", "--clear", VENV],
        "The virtual environment could not be made. On Debian: apt-get install python3-venv",
    )


def install_packages():
    stamp = VENV / "packages.stamp"
    made_from = digest([ROOT / "pyproject.toml", ROOT / "requirements.lock"])
    if has(stamp, made_from):
        return
    say("Installing the Python packages (a minute the first time)")
    pip = [VENV_PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    failed = "The Python packages could not be installed. Is the network up?"
    lock = ROOT / "requirements.lock"
    run([*pip, "--no-deps", "--require-hashes", "--only-binary=:all:", "-r", lock], failed)
    run(
        [*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT],
        "The package itself could not be installed; the messages above say why.",
    )
    stamp.write_text(made_from)


def install_node_modules():
    stamp = FRONTEND / "node_modules" / "packages.stamp"
    made_from = digest([FRONTEND / "package.json", FRONTEND / "package-lock.json"])
    if has(stamp, made_from):
        return
    say("Installing the browser packages")
    run(
        [VENV / "bin" / "npm", "ci", "--ignore-scripts", "--loglevel=error"],
        "The browser packages could not be installed. Is the network up?",
        cwd=FRONTEND,
    )
    stamp.write_text(made_from)


def build_bundles():
    stamp = FRONTEND / "node_modules" / "bundles.stamp"
    sources = sorted(path for path in (FRONTEND / "src").rglob("*") if path.is_file())
    made_from = digest([FRONTEND / "package-lock.json", FRONTEND / "build.mjs", *sources])
    if has(stamp, made_from) and all(bundle.exists() for bundle in BUNDLES):
        return
    say("Bundling scripts and styles")
    run(
        [VENV / "bin" / "node", "build.mjs"],
        "The scripts could not be bundled; the messages above name the place.",
        cwd=FRONTEND,
    )
    stamp.write_text(made_from)


def find_browser():
    named = os.environ.get("BROKER_CRM_CHROMIUM")
    if named and not os.access(named, os.X_OK):
        raise SetupFailed(f"BROKER_CRM_CHROMIUM names {named}, which can't be run.")
    if named or any(shutil.which(name) for name in CHROMIUM_NAMES):
        return
    by_hand = (
        "The browser tests need Chromium, and none was found. Install it\n"
        "(Debian, Ubuntu: sudo apt-get install chromium), name one with BROKER_CRM_CHROMIUM=PATH,\n"
        "or leave these tests out: make test BROWSER=no"
    )
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise SetupFailed(by_hand)
    say("Installing Chromium from the system's packages")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=300"]
    run([*apt, "update"], by_hand, env=quiet)
    run(
        [*apt, "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
        by_hand,
        env=quiet,
        stdout=subprocess.DEVNULL,
    )
    if not any(shutil.which(name) for name in CHROMIUM_NAMES):
        raise SetupFailed(by_hand)


class one_at_a_time:
    """Holds back a second set-up of the same tree until the first has ended."""

    def __enter__(self):
        import fcntl

        self.handle = os.open(ROOT, os.O_RDONLY)
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Waiting for another set-up of this folder to end")
            fcntl.flock(self.handle, fcntl.LOCK_EX)

    def __exit__(self, *_):
        os.close(self.handle)


def digest(paths):
    """One hash over the names and contents of the files and the Python that runs."""
    whole = hashlib.sha256(sys.version.encode())
    for path in paths:
        whole.update(str(path.relative_to(ROOT)).encode() + b"\0")
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def has(stamp, made_from):
    return stamp.exists() and stamp.read_text() == made_from


def works(*command):
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def run(command, when_it_fails, env=None, **options):
    environment = dict(env or os.environ)
    environment["PATH"] = str(VENV / "bin") + os.pathsep + environment.get("PATH", os.defpath)
    environment.pop("PYTHONHOME", None)
    try:
        done = subprocess.run([str(part) for part in command], env=environment, **options)
    except OSError as error:
        raise SetupFailed(f"{error}\n{when_it_fails}") from None
    if done.returncode != 0:
        raise SetupFailed(when_it_fails)


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text} …", flush=True)


if __name__ == "__main__":
    try:
        main()
    except SetupFailed as failure:
        sys.exit(f"\nSet-up stopped: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
