"""What the rules refuse, as one sentence that a person can act on."""

from allocation.policy.plain import is_blank


class RuleError(ValueError):
    """An input that no rule can work with. `str(error)` is one sentence for the reader."""


def check_reason(reason: str, what: str) -> None:
    """Raises RuleError where nobody says why."""
    if is_blank(reason):
        raise RuleError(f"Say why: {what} needs a reason.")
