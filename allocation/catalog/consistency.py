"""What has to hold between rows of the catalogue. The admin, where they are edited, asks here."""

from datetime import date
from itertools import pairwise

from allocation.catalog.models import ComplexityLevel, Price, SubAgent, SubAgentAlias
from allocation.policy.errors import RuleError
from allocation.policy.names import normal_name


def alias_key(*, name: str, alias_pk: int | None = None) -> str:
    """The normal form under which an alias is kept; `alias_pk` is the alias if it exists already.

    Raises RuleError if the name is no name, or leads to a sub-agent already.
    """
    key = normal_name(name)
    if not key:
        raise RuleError(f"“{name}” has no letters or digits: write a name that agents go by.")
    for code in SubAgent.objects.values_list("code", flat=True):
        if normal_name(code) == key:
            raise RuleError(
                f"“{name}” is {code} already: case, hyphens and underscores make no difference."
            )
    other = SubAgentAlias.objects.exclude(pk=alias_pk or 0).filter(normal_name=key).first()
    if other is not None:
        raise RuleError(
            f"“{name}” is an alias of {other.sub_agent} already: delete that one first."
        )
    return key


def check_code(*, code: str, sub_agent_pk: int | None = None) -> None:
    """Refuse a code that another sub-agent goes by already. Raises RuleError."""
    key = normal_name(code)
    for other in SubAgent.objects.exclude(pk=sub_agent_pk or 0).values_list("code", flat=True):
        if other == code:
            raise RuleError(f"There is a sub-agent {code} already.")
        if normal_name(other) == key:
            raise RuleError(f"{code} and {other} are one name: choose a code that differs more.")
    alias = SubAgentAlias.objects.filter(normal_name=key).first()
    if alias is not None:
        raise RuleError(f"{code} is an alias of {alias.sub_agent}: delete the alias first.")


def check_price(
    *, model_pk: int, valid_from: date, prompt_over: int, price_pk: int | None = None
) -> None:
    """Refuse a price that would leave a day without an ordinary one. Raises RuleError."""
    others = Price.objects.filter(model=model_pk).exclude(pk=price_pk or 0)
    _check_days({*others.values_list("valid_from", "prompt_over"), (valid_from, prompt_over)})


def check_prices_of(*, model_pk: int) -> None:
    """Refuse a price list that has lost the ordinary price of a day. Raises RuleError."""
    _check_days({*Price.objects.filter(model=model_pk).values_list("valid_from", "prompt_over")})


def _check_days(prices: set[tuple[date, int]]) -> None:
    # The prices of a day replace those of the day before as a whole, so a day that has a price for
    # long prompts only would leave all others without any.
    for day, over in sorted(prices):
        if over and (day, 0) not in prices:
            raise RuleError(
                f"The price for prompts over {over:,} from {day} needs an ordinary one of that "
                "day beside it (prompts over 0)."
            )
    long = sorted(price for price in prices if price[1])
    for (day, over), (next_day, higher) in pairwise(long):
        if day == next_day:
            raise RuleError(
                f"From {day} there is a price for prompts over {over:,} and one for those over "
                f"{higher:,}: a day has one price for long prompts."
            )


def check_rubric(*, changed: ComplexityLevel) -> None:
    """Refuse bounds that do not rise with the level. Raises RuleError.

    Only the highest level is without bounds: an open one would swallow those above it.
    """
    rows = {row.level: row for row in ComplexityLevel.objects.all()} | {changed.level: changed}
    levels = [rows[level] for level in sorted(rows)]
    for lower, higher in pairwise(levels):
        for name, said in (("max_lines", "lines of code"), ("max_dependencies", "dependencies")):
            low, high = getattr(lower, name), getattr(higher, name)
            if low is None or (high is not None and high <= low):
                raise RuleError(
                    f"The {said} of level {higher.level} must go further than those of level "
                    f"{lower.level}."
                )
