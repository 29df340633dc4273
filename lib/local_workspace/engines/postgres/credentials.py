"""Database credentials: passwords of one role that end by themselves, any number of them at a time.

A credential is its end and a signature of role and end, so nothing is stored, and a restart ends none.
"""

import hashlib
import hmac
import secrets


def issue(key: str, role: str, ends: int) -> str:
    """A password of `role` that is valid until `ends`, in seconds since 1970."""
    return f"{ends}.{hmac.new(key.encode(), f'{ends} {role}'.encode(), hashlib.sha256).hexdigest()}"


def is_valid(key: str, role: str, password: str, now: float) -> bool:
    """Whether it is a password that was issued to `role` with that key, and has not ended."""
    ends = password.partition(".")[0]
    if not (ends.isascii() and ends.isdecimal()) or len(ends) > 12 or int(ends) <= now:
        return False
    return secrets.compare_digest(issue(key, role, int(ends)).encode(), password.encode())
