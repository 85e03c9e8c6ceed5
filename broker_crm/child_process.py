"""Child processes that never outlive the process that started them, however it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def stop_with_parent() -> None:
    """Ask the kernel to send this process SIGTERM when its parent ends; Linux only."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(command: Sequence[str], env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C reaches only its parent.

    Call it from the main thread: the kernel ties the child to the thread that starts it.
    """
    return subprocess.Popen(
        list(command),
        env=None if env is None else dict(env),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_tied_to(os.getpid()),
    )


def stop(child: subprocess.Popen[bytes], patience: float = 10.0) -> int:
    """End a child with SIGTERM, and by force what is left of it after `patience` seconds.

    Returns:
        the child's exit code.
    """
    if child.poll() is None:
        child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(patience)
    signal_rest(child, signal.SIGKILL)
    return child.wait()


def signal_rest(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal whatever is alive of the child and of the processes that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _tied_to(parent: int) -> Callable[[], None]:
    def tie() -> None:
        stop_with_parent()
        if os.getppid() != parent:
            os._exit(1)

    return tie
