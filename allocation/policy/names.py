"""Names that harnesses give to sub-agents."""

from functools import lru_cache


@lru_cache(maxsize=1024)  # very many requests come from few sub-agents
def normal_name(name: str) -> str:
    """The form in which two spellings of one name are equal.

    Case makes no difference, nor whether words are joined by `-`, `_` or spaces.
    """
    return "-".join(name.casefold().replace("_", " ").replace("-", " ").split())
