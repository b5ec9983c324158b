"""Names that harnesses give to sub-agents."""


def normal_name(name: str) -> str:
    """The form in which two spellings of one name are equal.

    Case makes no difference, nor whether words are joined by `-`, `_` or spaces.
    """
    return "-".join(name.casefold().replace("_", " ").replace("-", " ").split())
