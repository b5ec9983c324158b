import pytest

from allocation.policy.plain import is_blank, safe, safe_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Größe – 3\u202f% ▲", "Größe – 3\u202f% ▲"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("\x1b[31mred\x07", "�[31mred�"),
        ("\x9b2J", "�2J"),
        ("a\nb\u2028c\td", "a�b�c�d"),
        ("gnp\u202egpj\u2066", "gnp�gpj�"),
        ("\udcff", "�"),
    ],
)
def test_what_nobody_sees_is_replaced(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_lines_stay_lines() -> None:
    assert safe_lines("a\r\n\tb\x1b\n") == "a\n    b�\n"


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("", True),
        (" \t\n", True),
        ("\xa0\u2003", True),
        ("\u200b\u200d", True),
        ("\u202e", True),
        (".", False),
        ("\u200bwhy", False),
    ],
)
def test_a_text_without_a_sign_that_shows_is_blank(text: str, nothing: bool) -> None:
    assert is_blank(text) is nothing
