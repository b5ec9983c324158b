"""Text from outside, for terminals and logs."""

from unicodedata import category

_UNSEEN = "\N{REPLACEMENT CHARACTER}"
_JOINERS = "\u200c\u200d"  # between letters of some scripts, and in some pictures


def safe(text: str) -> str:
    """The text without signs that nobody sees: control characters, which could steer the terminal
    or begin a line of their own, and those that turn the direction of writing."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign in _JOINERS or category(sign) == "Zs" else _UNSEEN
        for sign in text
    )


def safe_lines(text: str) -> str:
    """The same of a text of several lines: its line breaks stay, and tabs become spaces."""
    lines = text.split("\n")
    return "\n".join(safe(line.removesuffix("\r").expandtabs(4)) for line in lines)
