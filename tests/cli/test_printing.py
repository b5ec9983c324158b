import pytest
from rich.text import Text

from budgetctl.cli.printing import Row, row, show


@pytest.mark.parametrize("said", ["\x1b[31mred", "\x9b2J", "gnp\u202egpj"])
def test_whatever_is_quoted_steers_no_terminal(
    said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show([said, Text(said), row(said, (said, "bold")), Row("", Text(said, no_wrap=True))])
    printed = capsys.readouterr().out
    assert printed.count("�") == 5
    assert printed.replace("\n", "").isprintable()
