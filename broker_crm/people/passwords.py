"""Passwords: Argon2id, long rather than ornate."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

SHORTEST = 12
LONGEST = 128

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_nobody = _hasher.hash("nobody has this password")


class PasswordRefused(Exception):
    """The new password is too short or too long."""


def hash_password(password: str) -> str:
    """Hash a new password.

    Raises:
        PasswordRefused: when it has fewer than 12 or more than 128 characters.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordRefused(
            f"A password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}."
        )
    return _hasher.hash(password)


def verify_password(hashed: str | None, password: str) -> bool:
    """Compare a password with a hash; takes as long when there is no hash."""
    if len(password) > LONGEST:
        password = ""
    try:
        return _hasher.verify(hashed or _nobody, password) and hashed is not None
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


def needs_rehash(hashed: str) -> bool:
    """True when the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(hashed)
