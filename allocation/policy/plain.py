"""Texts from outside, made safe to show on a terminal, in a log, or where they are approved."""

_UNSEEN = "\N{REPLACEMENT CHARACTER}"
# Spaces of every width, and what joins letters of some scripts and parts of some pictures.
_SEEN = frozenset(
    map(chr, (0xA0, 0x1680, *range(0x2000, 0x200B), 0x200C, 0x200D, 0x202F, 0x205F, 0x3000))
)


def safe(text: str) -> str:
    """The text with a mark, �, for each character that nobody sees; as long as before.

    These are control characters, which could steer the terminal or begin a line of their own, and
    characters that turn the direction of writing, with which a text can be made to read otherwise.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in _SEEN else _UNSEEN
        for character in text
    )


def is_blank(text: str) -> bool:
    """Whether nobody sees anything of a text: it is empty, or spaces and signs without a shape."""
    return not any(sign.isprintable() and not sign.isspace() for sign in text)


def safe_lines(text: str) -> str:
    """The same of a text of several lines: its line breaks stay, and tabs become spaces."""
    lines = text.split("\n")
    return "\n".join(safe(line.removesuffix("\r").expandtabs(4)) for line in lines)
