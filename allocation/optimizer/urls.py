"""The addresses of the optimizer, below its own folder."""

from django.urls import URLPattern, path

from allocation.optimizer import views
from allocation.optimizer.measure import Reviews


def optimizer_urls(*, reviews: Reviews) -> tuple[list[URLPattern], str]:
    """The addresses; `reviews` knows the results beyond those of runs."""
    extra = {"reviews": reviews}
    change = "apply/<str:sub_agent>/<str:phase>/<str:tier>/"
    return [
        path("", views.view_optimize, extra, name="view-optimize"),
        path(change, views.apply_change, extra, name="apply-change"),
        path("changes/<int:pk>/undo/", views.undo_applied, name="undo-change"),
    ], "optimizer"
