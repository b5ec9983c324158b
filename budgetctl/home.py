"""Where this installation keeps what it has to keep."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE = "budgetctl.sqlite3"


def home() -> Path:
    """BUDGETCTL_HOME, else the folder `var` of the checkout.

    Raises ValueError where it begins with the home of a user that there is none of.
    """
    # Said and empty it is not said, as for hooks (client.home): else it is wherever one stands.
    given = os.environ.get("BUDGETCTL_HOME") or str(BASE_DIR / "var")
    try:
        return Path(given).expanduser()
    except RuntimeError as error:
        user = given.partition("/")[0]
        raise ValueError(f"BUDGETCTL_HOME begins with {user}, and there is no such user") from error
