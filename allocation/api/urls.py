"""The addresses of the JSON API, the OTLP receiver and the page of tokens.

Agents carry no session cookie: these views, and no others, are exempt from the login and from the
check against cross-site requests. Each of them asks for a token instead.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from allocation.api import otlp_views, views
from allocation.api.refusals import refusal
from allocation.api.v1 import api

View = Callable[..., Any]


def _for_agents(view: View) -> View:
    @csrf_exempt
    @login_not_required
    @wraps(view, updated=())
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = view(request, *args, **kwargs)
        if response.status_code == 405:
            allowed = response["Allow"]
            response = refusal(405, f"This address takes {allowed}, not {request.method}.")
            response["Allow"] = allowed
        return response

    return answer


@_for_agents
def _nothing_here(request: HttpRequest) -> HttpResponse:
    return refusal(404, "There is nothing at this address. See openapi.json for what there is.")


_endpoints, _app, _namespace = api.urls
for _endpoint in _endpoints:
    assert isinstance(_endpoint, URLPattern)
    _endpoint.callback = _for_agents(_endpoint.callback)

tokens = (
    [
        path("", views.list_tokens, name="list-tokens"),
        path("new/", views.create_token, name="create-token"),
        path("<int:pk>/revoke/", views.revoke_token, name="revoke-token"),
    ],
    "tokens",
)

urlpatterns = [
    path("api/v1/", _nothing_here),
    path("api/v1/", include((_endpoints, _app), namespace=_namespace)),
    path("otlp/v1/logs", _for_agents(otlp_views.receive_logs), name="receive-logs"),
    path("otlp/v1/metrics", _for_agents(otlp_views.receive_metrics), name="receive-metrics"),
    re_path(r"^(?:api|otlp)/", _nothing_here),
    path("tokens/", include(tokens)),
]
