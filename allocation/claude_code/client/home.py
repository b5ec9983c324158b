"""Where the client keeps what it knows, and how it writes it: whole or not at all, mode 600."""

import json
import os

from allocation.claude_code.client.payload import Json

FOLDER = "claude-code"


class Connection:
    """The server and the token to speak to it with."""

    __slots__ = ("token", "url")

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token


def client_home(given: str = "") -> str:
    """The folder given, else BUDGETCTL_HOME, else ~/.budgetctl; in it a folder of our own.

    Absolute: it is written into settings, and hooks run in other folders than we do.
    """
    home = given or os.environ.get("BUDGETCTL_HOME") or os.path.join("~", ".budgetctl")
    return os.path.join(os.path.abspath(os.path.expanduser(home)), FOLDER)


def connection(folder: str) -> Connection | None:
    """BUDGETCTL_URL and BUDGETCTL_TOKEN, else what `budgetctl connect` wrote; None without."""
    kept = read_json(os.path.join(folder, "connection.json"))
    found = []
    for variable, name in (("BUDGETCTL_URL", "url"), ("BUDGETCTL_TOKEN", "token")):
        value = os.environ.get(variable) or kept.get(name)
        found.append(value if isinstance(value, str) else "")
    url, token = found
    return Connection(site(url), token) if url and token else None


def site(url: str) -> str:
    """The address of a server, of which some will give that of its API."""
    return url.strip().rstrip("/").removesuffix("/api/v1").rstrip("/")


def read_json(path: str) -> Json:
    """The object in a file; empty if there is none that can be read."""
    try:
        with open(path, "rb") as file:
            value = json.loads(file.read())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: str, value: Json) -> None:
    """Write an object so that a reader sees the old one or the new one. Raises OSError."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    draft = f"{path}.{os.getpid()}"
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(json.dumps(value, separators=(",", ":")).encode())
        os.replace(draft, path)
    except OSError:
        if os.path.exists(draft):
            os.unlink(draft)
        raise
