"""Database credentials: passwords of one role that end by themselves, any number of them at a time.

A credential is its end and a signature of role and end, so nothing is stored, and a restart ends none.
"""

from local_workspace.runtime import signatures


def issue(key: str, role: str, ends: int) -> str:
    """A password of `role` that is valid until `ends`, in seconds since 1970."""
    return f"{ends}.{signatures.signature(key, f'{ends} {role}')}"


def is_valid(key: str, role: str, password: str, now: float) -> bool:
    """Whether it is a password that was issued to `role` with that key, and has not ended."""
    ends = signatures.seconds(password.partition(".")[0])
    return ends is not None and ends > now and signatures.same(issue(key, role, ends), password)
