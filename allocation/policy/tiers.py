"""Tiers, cheapest first: haiku < sonnet < opus < fable."""

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True, slots=True)
class Tier:
    """A class of models. Tiers compare by rank; the name only tells them apart to a reader."""

    rank: int
    name: str = field(compare=False)

    def __str__(self) -> str:
        return self.name


# Ranks leave room for a tier in between; they are the ranks that the catalogue ships with.
HAIKU = Tier(10, "haiku")
SONNET = Tier(20, "sonnet")
OPUS = Tier(30, "opus")
FABLE = Tier(40, "fable")

SHIPPED_TIERS = (HAIKU, SONNET, OPUS, FABLE)
