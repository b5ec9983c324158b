"""Work that lets what is waited for go first."""

import os
import sys

_NICE = 10


def be_polite() -> None:
    """Let this process take what others leave of the processor, where the system knows of that."""
    if sys.platform != "win32":
        os.nice(_NICE)
