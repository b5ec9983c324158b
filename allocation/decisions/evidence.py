"""What earlier SDs used, as evidence for the next one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from django.db.models import Q

from allocation.catalog.models import SubAgent
from allocation.catalog.pricing import PriceBook
from allocation.directives.models import Status, StrategicDirective
from allocation.policy.meter import Meter
from allocation.policy.phases import Phase
from allocation.policy.preflight import FEWEST_CASES, HIGH, Evidence, TokenRange, from_cases
from allocation.usage.totals import Burned, burned_by

# What was long ago says little; and the list is bounded.
MOST_SDS = 60


@dataclass(frozen=True, slots=True)
class History:
    """Fresh tokens of completed SDs.

    - `sds`: the ids of the SDs whose sub-agents are known; all but `totals` is of these.
    - `alike`: those among them that have the complexity asked for.
    - `by_agent`: what runs used, for each sub-agent and phase, one number an SD. An SD that has
      none there used 0.
    - `by_task_type`: the same for each kind of work and phase.
    - `by_phase`: all tokens of an SD in a phase, whichever sub-agent or none burned them.
    - `besides`: those of them that belong to no known sub-agent.
    - `besides_weight`: how many budget tokens one of those weighs, on average.
    - `totals`: whole SDs of the complexity asked for, also those whose sub-agents are not known.
    """

    sds: frozenset[int] = frozenset()
    alike: frozenset[int] = frozenset()
    by_agent: Mapping[tuple[str, str], Sequence[int]] = field(default_factory=dict)
    by_task_type: Mapping[tuple[int, str], Sequence[int]] = field(default_factory=dict)
    by_phase: Mapping[tuple[int, str], int] = field(default_factory=dict)
    besides: Mapping[tuple[int, str], int] = field(default_factory=dict)
    besides_weight: Fraction = Fraction(0)
    totals: Sequence[int] = ()

    @property
    def names_agents(self) -> bool:
        """Whether the sub-agents of enough SDs are known."""
        return len(self.sds) >= FEWEST_CASES

    def range_of(self, sub_agent: SubAgent, phase: Phase) -> TokenRange:
        """What a sub-agent uses in a phase of an SD: its own history, or else that of its kind of
        work, or else nothing, which after a few SDs is not certain yet."""
        own = self.by_agent.get((sub_agent.code, phase.value))
        kind = self.by_task_type.get((sub_agent.task_type_id or 0, phase.value))
        evidence = Evidence.SUB_AGENT if own or not kind else Evidence.TASK_TYPE
        cases = own or kind or []
        found = from_cases(self._with_zeros(cases), evidence)
        assert found is not None
        # The rule of succession: after n SDs without it, it runs in the next by a chance of
        # 1 / (n + 2).
        if not cases and (len(self.sds) + 2) * (1 - HIGH) <= 1:
            return replace(found, high=sub_agent.tokens_max)
        return found

    def whole(self, ahead: Sequence[Phase]) -> TokenRange:
        """What an SD uses in all of these phases: those of its complexity, if there are enough."""
        sds, evidence = self.sds, Evidence.SUB_AGENT
        if len(self.alike) >= FEWEST_CASES:
            sds, evidence = self.alike, Evidence.COMPLEXITY
        found = from_cases([_of(self.by_phase, pk, ahead) for pk in sds], evidence)
        assert found is not None
        return found

    def beside(self, ahead: Sequence[Phase]) -> TokenRange:
        """What of that no sub-agent is known for."""
        cases = [_of(self.besides, pk, ahead) for pk in self.sds]
        found = from_cases(cases, Evidence.SUB_AGENT)
        assert found is not None
        return found

    def _with_zeros(self, cases: Sequence[int]) -> list[int]:
        return [*cases, *[0] * (len(self.sds) - len(cases))]


def history(
    sd: StrategicDirective, sub_agents: Mapping[str, SubAgent], meter: Meter, book: PriceBook
) -> History:
    """What the last completed SDs used. Two queries, one while none is completed."""
    rows = StrategicDirective.objects.filter(status=Status.COMPLETED).exclude(pk=sd.pk)
    done = dict(rows.order_by("-completed_at").values_list("pk", "complexity")[:MOST_SDS])
    if not done:
        return History()
    parts = burned_by(
        ("sd", "phase", "sub_agent"), where=Q(sd__in=list(done)), meter=meter, book=book
    )
    named = frozenset(pk for pk, _, name in parts if name in sub_agents)
    by_agent: dict[tuple[str, str], list[int]] = {}
    kinds: dict[tuple[int, str, int], int] = {}
    by_phase: Counter[tuple[int, str]] = Counter()
    besides: Counter[tuple[int, str]] = Counter()
    totals: Counter[int] = Counter()
    unnamed = Burned()
    for (pk, phase, name), part in parts.items():
        tokens, sub_agent = part.counts.fresh, sub_agents.get(name)
        totals[pk] += tokens
        if pk not in named:
            continue
        by_phase[pk, phase] += tokens
        if sub_agent is None:
            besides[pk, phase] += tokens
            unnamed += part
            continue
        by_agent.setdefault((name, phase), []).append(tokens)
        if sub_agent.task_type_id is not None:
            kind = (sub_agent.task_type_id, phase, pk)
            kinds[kind] = max(tokens, kinds.get(kind, 0))
    by_task_type: dict[tuple[int, str], list[int]] = {}
    for (task_type, phase, _), tokens in kinds.items():
        by_task_type.setdefault((task_type, phase), []).append(tokens)
    return History(
        sds=named,
        alike=frozenset(pk for pk in named if done[pk] == sd.complexity),
        by_agent=by_agent,
        by_task_type=by_task_type,
        by_phase=by_phase,
        besides=besides,
        besides_weight=unnamed.budget / fresh if (fresh := unnamed.counts.fresh) else Fraction(0),
        totals=[total for pk, total in totals.items() if done[pk] == sd.complexity],
    )


def _of(by_phase: Mapping[tuple[int, str], int], pk: int, ahead: Sequence[Phase]) -> int:
    """Tokens of an SD in some phases; those of no phase count as long as all are ahead."""
    phases = [*(phase.value for phase in ahead), *([""] if len(ahead) == len(Phase) else [])]
    return sum(by_phase.get((pk, phase), 0) for phase in phases)
