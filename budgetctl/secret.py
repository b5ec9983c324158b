"""The secret key: made once, kept beside the data, readable by its owner only."""

import os
import secrets
from pathlib import Path


def secret_key(home: Path) -> str:
    """The key in `home/secret_key`, made on first use with mode 600.

    Two processes that start together agree on one key: the file appears complete or not at all,
    and whoever comes second reads what the first one linked. Raises OSError where `home` cannot
    be written and holds no key.
    """
    path = home / "secret_key"
    if not path.exists():
        # For the owner only: `manage.py migrate`, which sets no umask, makes the database in it.
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = home / f".secret_key.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
