"""The addresses of overrides and of the deferral queue, below the root."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import URLPattern, path

from allocation.decisions import deferral_views, override_views


def steering_urls(*, chance: deferral_views.Chance) -> tuple[list[URLPattern], str]:
    """The addresses, for pages that ask `chance` how likely the week runs out."""
    extra = {"chance": chance}
    return [
        path("overrides/", override_views.overrides, name="list-overrides"),
        path("overrides/<int:pk>/revoke/", override_views.revoke, name="revoke-override"),
        path("deferrals/", deferral_views.deferrals, extra, name="list-deferrals"),
        path("deferrals/confirm/", deferral_views.defer_all, extra, name="confirm-deferrals"),
        path("deferrals/runs/<int:pk>/run/", deferral_views.run_deferred, name="run-deferred"),
        path("deferrals/runs/<int:pk>/drop/", deferral_views.drop_deferred, name="drop-deferred"),
        *_moves("deferrals/runs/<int:pk>/", deferral_views.move_deferred_run, "deferred-run"),
        *_moves("deferrals/sds/<slug:code>/", deferral_views.move_deferred_sd, "deferred-sd"),
    ], "steering"


def _moves(below: str, view: Callable[..., HttpResponse], name: str) -> list[URLPattern]:
    return [
        path(f"{below}up/", view, {"up": True}, name=f"raise-{name}"),
        path(f"{below}down/", view, {"up": False}, name=f"lower-{name}"),
    ]
