"""How numbers, money and moments are written, the same in the web and in the terminal."""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

Number = int | Decimal | Fraction


def whole(value: Number) -> int:
    """The nearest whole number; halves go up, as a reader expects."""
    return int((Fraction(value) + Fraction(1, 2)).__floor__())


def tokens(value: Number) -> str:
    """Whole tokens with thousands separators: 140,000."""
    return f"{whole(value):,}"


def short(value: Number) -> str:
    """Tokens in few characters: 980, 140k, 1.2M, 3.4B. For narrow places only."""
    number = whole(value)
    for size, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        # What rounds up to a thousand of one size is one of the next: 999,500 is 1.0M.
        if abs(number) >= size - size // 2000:
            digits = 1 if abs(number) < 9.95 * size and letter != "k" else 0
            step = Decimal(1).scaleb(-digits)
            return f"{(Decimal(number) / size).quantize(step, ROUND_HALF_UP):f}{letter}"
    return str(number)


def height(value: Number, *, in_dollars: bool) -> float | int:
    """An amount on a chart: whole tokens, or dollars to the cent."""
    return round(float(value), 2) if in_dollars else whole(value)


def counted(number: int, noun: str) -> str:
    """How many of something: 1 SD, 2,000 SDs."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(share: Number) -> str:
    """A share (1 is all) as whole percent: 72%. What is not quite all is never shown as 100%."""
    exact = Fraction(share) * 100
    shown = whole(exact)
    if shown == 100 and exact < 100:
        shown = 99
    return f"{shown:,}%"


def reached(share: Number) -> str:
    """A share that bounds are held against (1 is all) as whole percent, cut and not rounded: what
    has not reached 70% does not say so."""
    return f"{int(Fraction(share) * 100):,}%"


def usd(value: Decimal | None) -> str:
    """US dollars to the cent, `unknown` for None, and fractions of a cent as such."""
    if value is None:
        return "unknown"
    if 0 < value < Decimal("0.01"):
        return "under $0.01"
    return f"${value.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


def amount(value: Number, *, in_dollars: bool) -> str:
    """An amount of the budget in its meter's unit."""
    if not in_dollars:
        return tokens(value)
    fraction = Fraction(value)
    return usd(Decimal(fraction.numerator) / Decimal(fraction.denominator))


def rounded(value: Number, width: Number | None = None, *, in_dollars: bool = False) -> Fraction:
    """An estimate without the digits that its uncertainty makes meaningless.

    It is rounded to the place where the width of its range has its second significant digit (JCGM
    100:2008, 7.2.6): 123,456 in a range 18,000 wide is 123,000. Without a range it keeps two digits
    of its own. Where it is small beside its range it keeps its first digit. A width of 0 means that
    the value is known, and changes nothing.
    """
    exact = Fraction(value)
    spread = abs(exact if width is None else Fraction(width))
    if not exact or not spread:
        return exact
    least = Fraction(1, 100) if in_dollars else Fraction(1)
    step = max(least, min(_first_place(spread) / 10, _first_place(abs(exact))))
    return whole(exact / step) * step


def _first_place(value: Fraction) -> Fraction:
    """The place value of the first digit of a value above 0: 100 for 345."""
    return Fraction(10) ** (Decimal(value.numerator) / value.denominator).adjusted()


def estimate(value: Number, width: Number | None = None, *, in_dollars: bool = False) -> str:
    """An estimated amount, as far as the width of its range lets it be known."""
    return amount(rounded(value, width, in_dollars=in_dollars), in_dollars=in_dollars)


def estimate_range(low: Number, high: Number, *, in_dollars: bool = False, to: str = "–") -> str:
    """The range of an estimate, as far as its width lets it be known; once if its ends meet."""
    width = Fraction(high) - Fraction(low)
    ends = (estimate(end, width, in_dollars=in_dollars) for end in (low, high))
    return to.join(dict.fromkeys(ends))


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A moment on the owner's clock: Mon 23 Nov 2026, 14:00."""
    return f"{at.astimezone(zone):%a %-d %b %Y, %H:%M}"


def place(zone: ZoneInfo) -> str:
    """Whose time it is that a page shows, by the zone's own name: Los Angeles, UTC."""
    return zone.key.rpartition("/")[2].replace("_", " ")


def soon(at: datetime, zone: ZoneInfo) -> str:
    """A moment within a week or so: Tue 00:07."""
    return f"{at.astimezone(zone):%a %H:%M}"


def duration(span: timedelta) -> str:
    """A span in its two largest units: 2 d 18 h, 5 h 20 min, 12 min."""
    minutes = max(0, int(span.total_seconds() // 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def held(hits: tuple[int, int], noun: str = "week") -> str:
    """How often an interval of forecasts held, in words; never a badge of confidence.

    Weeks are counted by what was forecast from the same part of them, of which each hour may be
    missing, though the week was scored.
    """
    inside, of = hits
    if not of:
        since = "from this part of a week " if noun == "week" else ""
        return f"none {since}has been scored yet"
    return f"in {inside} of {counted(of, noun)} the total fell inside"
