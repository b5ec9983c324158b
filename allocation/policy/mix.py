"""Model mixes: which share of some tokens ran on which tier, in whole percent."""

from collections.abc import Mapping

from allocation.policy.errors import RuleError

Mix = Mapping[str, int]


def check_mix(mix: Mix, tiers: frozenset[str]) -> dict[str, int]:
    """The mix without its zeros, in the order given.

    Raises RuleError for an unknown tier, a share outside 0 to 100, or shares that do not add up
    to 100. An empty mix is allowed: nobody knows.
    """
    for tier, share in mix.items():
        if tier not in tiers:
            raise RuleError(f"“{tier}” is not a tier; there are {', '.join(sorted(tiers))}.")
        if not 0 <= share <= 100:
            raise RuleError(f"The share of {tier} must lie between 0% and 100%.")
    total = sum(mix.values())
    if mix and total != 100:
        raise RuleError(f"The model mix adds up to {total}%; it must be 100%.")
    return {tier: share for tier, share in mix.items() if share}


def split(tokens: int, mix: Mix) -> dict[str, int]:
    """Whole tokens by tier that add up to `tokens` exactly (largest remainders get the rest).

    An empty mix gives all of them to "".
    """
    if not mix:
        return {"": tokens}
    exact = {tier: divmod(tokens * share, 100) for tier, share in mix.items()}
    whole = {tier: quotient for tier, (quotient, _) in exact.items()}
    rest = tokens - sum(whole.values())
    by_remainder = sorted(exact, key=lambda tier: exact[tier][1], reverse=True)
    for tier in by_remainder[:rest]:
        whole[tier] += 1
    return whole
