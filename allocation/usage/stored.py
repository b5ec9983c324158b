"""What became of sights of requests that were stored."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stored:
    """What became of a batch, in records. `unknown_models` counts the new ones by model;
    `weeks_made` are budget weeks that were made for the history that it brought."""

    new: int = 0
    improved: int = 0
    unchanged: int = 0
    unknown_models: Counter[str] = field(default_factory=Counter)
    weeks_made: int = 0
