"""What the index of the admin says of each table."""

from django import template

from allocation.audit.about import ABOUT

register = template.Library()


@register.simple_tag
def about(app_label: str, model_name: str) -> str:
    """The sentence about a table; empty for tables that are not ours."""
    return ABOUT.get(f"{app_label}.{model_name.lower()}", "")
