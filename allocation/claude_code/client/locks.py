"""Locks on open files: they end with the process that holds them, however it ends."""

import os

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # Windows has none: see what callers say of that


def lock(number: int, *, wait: bool = True) -> bool:
    """Lock the file with this descriptor; without `wait`, False where another process has it.

    On Windows it locks nothing and says True.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(number, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_still(number: int, path: str) -> bool:
    """Whether the file with this descriptor is the one at the path: it may have gone in between."""
    try:
        return os.path.samestat(os.fstat(number), os.stat(path))
    except FileNotFoundError:
        return False
