"""Lints files that may come from anybody, in a child process that is stopped if it takes too long.

One child for each process of ours; it keeps what it has compiled, so that a second check is fast.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock

import orjson

from broker_crm.definitions.findings import OF_THE_CHECK, Finding, Severity, in_file
from broker_crm.definitions.places import FileKey, files_under
from broker_crm.engine.sentences import from_data, said

PATIENCE = 20
"""Seconds of computing that one check may take; the first of our own folder takes seven."""
BUSY = 4
"""How many times as long it may take by the clock, when others use the machine too."""
START = 30
"""Seconds that a child may take to get ready."""
MEMORY = 1_500_000_000
"""Bytes of address space of the child."""


class StillChecking(Exception):
    """The check goes on; ask again in a moment, and it will answer sooner."""


_lock = Lock()
_owed: set[int] = set()
"""Children that still owe the answer to a question nobody waits for any more."""
_children: dict[int, subprocess.Popen[bytes]] = {}


def check(
    files: Mapping[FileKey, bytes], *, patience: float = PATIENCE, wait: float | None = None
) -> list[Finding]:
    """All findings on files; one error when they could not be judged in time.

    Args:
        files: by kind and name.
        patience: seconds of computing.
        wait: seconds by the clock after which not to wait; None for as long as the computing may
            take on a busy machine.

    Raises:
        StillChecking: `wait` is over and the check goes on.
    """
    listed = [
        [kind.value, name, b64encode(content).decode()] for (kind, name), content in files.items()
    ]
    request = orjson.dumps([patience, listed])
    with _lock:
        answer = _ask(request, patience, wait)
    if answer is None:
        problem = said(
            "The check was stopped: it takes more than %(seconds)s seconds or too much memory.",
            seconds=round(patience),
        )
        mend = said("Split the process, and shorten its expressions.")
        return [in_file("bpmn", "limits", problem, mend)]
    return [_finding(each) for each in orjson.loads(answer)]


def check_paths(paths: list[Path]) -> list[Finding]:
    """The same for folders or files on the disk.

    Args:
        paths: as `lint_paths` takes them.
    """
    from broker_crm.definitions.lint import project_root

    findings: list[Finding] = []
    for root in dict.fromkeys(project_root(path) for path in paths):
        findings.extend(check(files_under(root)))
    only = {path.name for path in paths if path.is_file()}
    found = list(dict.fromkeys(findings))
    return [each for each in found if not only or each.file in only or each.rule in OF_THE_CHECK]


def _finding(data: list[object]) -> Finding:
    severity, file, rule, problem, mend, identifier, name, line = data
    return Finding(
        Severity(str(severity)),
        str(file),
        str(rule),
        from_data(problem),
        from_data(mend),
        identifier,  # type: ignore[arg-type]
        name,  # type: ignore[arg-type]
        line,  # type: ignore[arg-type]
    )


def _ask(request: bytes, patience: float, wait: float | None) -> bytes | None:
    until = time.monotonic() + (patience * BUSY if wait is None else wait)
    for _attempt in range(2):
        child = _child()
        try:
            if child.pid in _owed:
                _answer(child, until, leave=wait is not None)
                child = _child()
            assert child.stdin is not None
            child.stdin.write(b"%d\n" % len(request) + request)
            child.stdin.flush()
        except BrokenPipeError:
            _stop(child)
            continue
        return _answer(child, until, leave=wait is not None)
    return None


def _answer(child: subprocess.Popen[bytes], until: float, *, leave: bool) -> bytes | None:
    """The child's next answer; None when it ended or was stopped without one."""
    assert child.stdout is not None
    found = bytearray()
    wanted: int | None = None
    while wanted is None or len(found) < wanted:
        left = until - time.monotonic()
        ready = left > 0 and select.select([child.stdout], [], [], left)[0]
        if not ready and leave and not found:
            _owed.add(child.pid)
            raise StillChecking
        piece = os.read(child.stdout.fileno(), 1 << 16) if ready else b""
        if not piece:
            _stop(child)
            return None
        found += piece
        if wanted is None and b"\n" in found:
            head, _, rest = bytes(found).partition(b"\n")
            wanted, found = int(head), bytearray(rest)
    _owed.discard(child.pid)
    return bytes(found)


def _child() -> subprocess.Popen[bytes]:
    child = _children.get(os.getpid())
    if child is None or child.poll() is not None:
        child = subprocess.Popen(
            [sys.executable, "-m", "broker_crm.definitions.checking_child", str(MEMORY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert child.stdout is not None
        ready = select.select([child.stdout], [], [], START)[0]
        if ready:
            os.read(child.stdout.fileno(), 6)
        _children[os.getpid()] = child
    return child


def _stop(child: subprocess.Popen[bytes]) -> None:
    _children.pop(os.getpid(), None)
    _owed.discard(child.pid)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


@atexit.register
def stop() -> None:
    """End this process's child."""
    child = _children.get(os.getpid())
    if child is not None:
        _stop(child)
