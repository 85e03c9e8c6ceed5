"""`make sabotage`: puts each fault into a copy of the product and expects its test to turn red.

python -m tests.sabotage            all faults
python -m tests.sabotage lease      those with the word in their name
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.sabotage.faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]
PATIENCE = 300
BUILT = (".venv", "frontend/node_modules", "broker_crm/web/static/vendor")
"""Made by set-up, not by git: the copy has links to them."""


def main() -> None:
    words = sys.argv[1:]
    chosen = [fault for fault in FAULTS if all(word in fault.name for word in words)]
    survived = 0
    with tempfile.TemporaryDirectory(prefix="crm-sabotage-") as name:
        copy = Path(name) / "product"
        _copy(copy)
        for fault in chosen:
            began = time.monotonic()
            verdict = _verdict(copy, fault)
            survived += verdict != "red"
            seconds = time.monotonic() - began
            print(f"{verdict:>9}  {seconds:5.1f} s  {fault.name}  –  {fault.test}", flush=True)
    print(f"{len(chosen) - survived} of {len(chosen)} faults were noticed.")
    sys.exit(1 if survived else 0)


def _copy(copy: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    made = [
        str(path.relative_to(ROOT))
        for pattern in ("broker_crm/**/*.mo", "broker_crm/**/feelin.js")
        for path in ROOT.glob(pattern)
    ]
    for name in filter(None, (*listed, *made)):
        if (ROOT / name).is_file() and not name.startswith(BUILT):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    for name in BUILT:
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).symlink_to((ROOT / name).resolve())


def _verdict(copy: Path, fault: Fault) -> str:
    """'red' when the test failed, 'green' when it noticed nothing; else it did not end."""
    path = copy / fault.file
    whole = path.read_text()
    path.write_text(whole.replace(fault.find, fault.put))
    try:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", fault.test],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "hangs"
    finally:
        path.write_text(whole)
    if run.returncode == 0:
        return "green"
    return "red" if run.returncode == 1 and "failed" in run.stdout else "broken"


if __name__ == "__main__":
    main()
