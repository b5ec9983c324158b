"""The addresses below /budget/."""

from django.urls import URLPattern, path

from allocation.budgets import views


def budget_urls(*, weigh: views.Weigh) -> tuple[list[URLPattern], str]:
    """The addresses, for pages that show what `weigh` says of the running week."""
    extra = {"weigh": weigh}
    return [
        path("", views.change, extra, name="change-rule"),
        path("switch/", views.switch_system, extra, name="switch"),
        path("undo/<int:pk>/", views.undo, extra, name="undo-change"),
    ], "budgets"
