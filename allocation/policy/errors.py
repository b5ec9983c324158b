"""What the rules refuse, as one sentence that a person can act on."""


class RuleError(ValueError):
    """An input that no rule can work with. `str(error)` is one sentence for the reader."""
