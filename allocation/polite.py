"""Work in the background that gives way to whatever a person or a hook waits for."""

import os
import sys

_NICE = 10


def be_polite() -> None:
    """Lower the priority of this process, so that others get the processor first.

    Windows has no such number, and there nothing happens.
    """
    if sys.platform != "win32":
        os.nice(_NICE)
