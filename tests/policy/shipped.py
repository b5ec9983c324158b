"""The floors that ship (rule 3), written a second time: what tests hold them against."""

from allocation.policy.floors import EVERY, Floor, FloorTable, GivesWay
from allocation.policy.phases import Phase
from allocation.policy.tiers import HAIKU, OPUS, SONNET

SHIPPED_FLOORS: FloorTable = {
    ("SECURITY", EVERY): Floor(OPUS),
    ("VALIDATION", Phase.PLAN): Floor(OPUS),
    ("VALIDATION", Phase.EXEC): Floor(OPUS),
    ("VALIDATION", Phase.LEAD): Floor(SONNET, GivesWay.UNDER_PRESSURE, HAIKU),
    ("DATABASE", EVERY): Floor(SONNET, GivesWay.READ_ONLY, HAIKU),
    ("TESTING", EVERY): Floor(SONNET, GivesWay.READ_ONLY, HAIKU),
    (EVERY, EVERY): Floor(HAIKU),
}
