import stat
from pathlib import Path

from budgetctl.secret import secret_key


def test_whoever_comes_first_makes_the_home_for_nobody_else_to_look_into(tmp_path: Path) -> None:
    home = tmp_path / "home"
    key = secret_key(home)
    assert secret_key(home) == key
    assert [stat.S_IMODE(path.stat().st_mode) for path in (home, home / "secret_key")] == [
        0o700,
        0o600,
    ]
