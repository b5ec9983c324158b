"""Where this installation keeps what it has to keep."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE = "budgetctl.sqlite3"


def home() -> Path:
    """BUDGETCTL_HOME, else the folder `var` of the checkout."""
    return Path(os.environ.get("BUDGETCTL_HOME", str(BASE_DIR / "var"))).expanduser()
