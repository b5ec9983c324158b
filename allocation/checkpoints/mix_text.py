"""Model mixes as people write them."""

import re

from allocation.policy.errors import RuleError
from allocation.policy.mix import Mix

_NOBODY_KNOWS = {"", "?", "-", "–", "n/a", "unknown"}
_SHARE_FIRST = re.compile(r"([0-9]{1,3})\s*%?\s*(?:of\s+)?([a-z][\w.-]*)")
_TIER_FIRST = re.compile(r"([a-z][\w.-]*)\s*[=:]?\s*([0-9]{1,3})\s*%?")
_TIER_ALONE = re.compile(r"[a-z][\w.-]*")
_LONGEST = 200


def read_mix(text: str) -> tuple[dict[str, int], bool]:
    """A mix in whole percent, and whether its shares were assumed to be equal.

    Understands `sonnet=70, opus=30`, `70% Sonnet, 30% Opus`, `Sonnet` (all of it) and
    `Sonnet/Opus` (equal shares). Empty or unknown gives an empty mix. Whether the tiers exist and
    the shares add up is for `policy.mix.check_mix` to say. Raises RuleError with one sentence.
    """
    lowered = text.strip().lower()
    if lowered in _NOBODY_KNOWS:
        return {}, False
    if len(lowered) > _LONGEST:
        raise RuleError("So long a text is not a model mix; write for example sonnet=70, opus=30.")
    parts = [part.strip() for part in re.split(r"[,;/+&]|\band\b", lowered) if part.strip()]
    if parts and all(_TIER_ALONE.fullmatch(part) for part in parts):
        return _equal(_once(parts)), len(parts) > 1
    pairs = [_pair(part) for part in parts]
    _once([tier for tier, _ in pairs])
    return dict(pairs), False


def write_mix(mix: Mix) -> str:
    """The mix as `read_mix` reads it, empty for one that nobody knows."""
    return ", ".join(f"{tier}={share}" for tier, share in mix.items())


def in_words(mix: Mix) -> str:
    """The mix for a reader: `sonnet 70%, opus 30%`."""
    return ", ".join(f"{tier} {share}%" for tier, share in mix.items())


def _pair(part: str) -> tuple[str, int]:
    if match := _SHARE_FIRST.fullmatch(part):
        return match[2], int(match[1])
    if match := _TIER_FIRST.fullmatch(part):
        return match[1], int(match[2])
    raise RuleError(f"“{part[:40]}” is not a share of a model; write for example sonnet=70.")


def _once(tiers: list[str]) -> list[str]:
    for tier in tiers:
        if tiers.count(tier) > 1:
            raise RuleError(f"The model mix names {tier} twice.")
    return tiers


def _equal(tiers: list[str]) -> dict[str, int]:
    """Equal shares in whole percent; what does not divide goes to the first ones."""
    share, rest = divmod(100, len(tiers))
    return {tier: share + (place < rest) for place, tier in enumerate(tiers)}
