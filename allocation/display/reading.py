"""How amounts that people type are read, the same in the web, in CSV and in the terminal."""

import re
from decimal import ROUND_HALF_UP, Decimal

from allocation.policy.errors import RuleError

_SIZES = {"": 1, "k": 1_000, "m": 1_000_000, "b": 1_000_000_000, "g": 1_000_000_000}
_LONGEST = 30
# Spaces (the narrow and the unbreakable too), apostrophes and underscores only part groups.
_PARTS = re.compile(r"[\s\u00a0\u2009\u202f'’_]")
_SUFFIXED = re.compile(r"([0-9]+(?:[.,][0-9]+)?)([kmbg])")
_PLAIN = re.compile(r"[0-9]+")
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*")


def read_tokens(text: str) -> int:
    """Whole tokens from text such as `150,000`, `150.000`, `150 000`, `150k` or `1.2M`.

    Raises RuleError with one sentence for anything else.
    """
    number = _PARTS.sub("", text).lower().removesuffix("tokens")
    if len(number) > _LONGEST:
        raise RuleError("So long a number cannot be a count of tokens.")
    if number.startswith(("-", "\u2212", "–")):
        raise RuleError("Tokens cannot be negative.")
    if _PLAIN.fullmatch(number):
        return int(number)
    suffix = number[-1:] if number[-1:] in _SIZES else ""
    digits = number.removesuffix(suffix)
    if _GROUPED.fullmatch(digits) and not (suffix and "." in digits):
        return int(re.sub(r"[.,]", "", digits)) * _SIZES[suffix]
    match = _SUFFIXED.fullmatch(number)
    if match is None:
        raise RuleError(f"“{text.strip()[:40]}” is not a count of tokens; write 150,000 or 150k.")
    amount = Decimal(match[1].replace(",", ".")) * _SIZES[match[2]]
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
