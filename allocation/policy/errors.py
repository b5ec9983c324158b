"""What the rules refuse, as one sentence that a person can act on."""

from allocation.policy.plain import is_blank, safe


class RuleError(ValueError):
    """An input that no rule can work with. `str(error)` is one sentence for the reader."""


def check_reason(reason: str, what: str) -> None:
    """Raises RuleError where nobody says why."""
    if is_blank(reason):
        raise RuleError(f"Say why: {what} needs a reason.")


def check_seen(text: str, what: str) -> None:
    """Raises RuleError for one line of text that says something else than it shows."""
    if safe(text) != text:
        raise RuleError(
            f"{what} has signs that cannot be seen, such as one that turns the direction of "
            "writing: type it anew."
        )
