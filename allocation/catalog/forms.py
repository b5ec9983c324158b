"""The forms of the catalogue's admin: what holds between rows is said beside the field."""

from typing import Any

from django.core.exceptions import ValidationError

from allocation.audit.forms import AuditedForm, AuditedFormSet, ShownForm
from allocation.catalog.consistency import alias_key, check_code, check_price, check_rubric
from allocation.catalog.models import ComplexityLevel, SubAgentAlias
from allocation.display.fields import obey
from allocation.policy.errors import RuleError
from allocation.policy.names import normal_name

# What PostgreSQL keeps in a small integer.
HIGHEST_RANK = 2**15 - 1


class AliasForm(ShownForm):
    """An alias is kept under its normal form, which nobody types."""

    instance: SubAgentAlias

    def clean_name(self) -> str:
        """Refuse a name that leads to a sub-agent already."""
        name: str = self.cleaned_data["name"].strip()
        key = obey(lambda: alias_key(name=name, alias_pk=self.instance.pk))
        self.instance.normal_name = key
        return name


class AliasFormSet(AuditedFormSet):
    """The aliases of one sub-agent."""

    def clean(self) -> None:
        """Refuse one name written in two ways; neither is stored yet, so the forms cannot tell."""
        super().clean()
        names = [
            normal_name(form.cleaned_data["name"])
            for form in self.forms
            if form.cleaned_data.get("name") and form not in self.deleted_forms
        ]
        if len(names) != len({*names}):
            raise ValidationError("Two of these aliases are one name: delete one of them.")


class TierForm(AuditedForm):
    """A tier that any database keeps, under a name that everything finds it by."""

    def clean_name(self) -> str:
        """In small letters, as tiers are asked for."""
        return str(self.cleaned_data["name"]).lower()

    def clean_rank(self) -> int:
        """No higher than PostgreSQL keeps."""
        rank: int = self.cleaned_data["rank"]
        if rank > HIGHEST_RANK:
            raise ValidationError(f"Write a whole number up to {HIGHEST_RANK:,}.")
        return rank


class SubAgentForm(AuditedForm):
    """A code must not be a name that leads to another sub-agent."""

    def clean_code(self) -> str:
        """Refuse a code that is taken in another spelling."""
        code: str = self.cleaned_data["code"]
        obey(lambda: check_code(code=code, sub_agent_pk=self.instance.pk))
        return code


class PriceForm(AuditedForm):
    """Each day with a price for long prompts needs an ordinary one."""

    def clean(self) -> dict[str, Any]:
        """Refuse a price that would leave a day without an ordinary one."""
        cleaned = super().clean()
        model = cleaned.get("model") or getattr(self.instance, "model", None)
        if model and {"valid_from", "prompt_over"} <= cleaned.keys():
            try:
                check_price(
                    model_pk=model.pk,
                    valid_from=cleaned["valid_from"],
                    prompt_over=cleaned["prompt_over"],
                    price_pk=self.instance.pk,
                )
            except RuleError as error:
                self.add_error("prompt_over", str(error))
        return cleaned


class LevelForm(AuditedForm):
    """The bounds of the rubric rise from level to level."""

    instance: ComplexityLevel

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's hook after clean(), not in the stubs
        if not self.errors:
            try:
                check_rubric(changed=self.instance)
            except RuleError as error:
                self.add_error(None, str(error))
