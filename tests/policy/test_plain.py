import pytest

from allocation.policy.plain import safe, safe_lines


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
