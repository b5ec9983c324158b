"""The addresses of the JSON API, the OTLP receiver and the page of tokens."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, include, path, re_path

from allocation.api import otlp_views, views
from allocation.api.refusals import for_agents, refusal
from allocation.api.v1 import api


@for_agents
def _nothing_here(request: HttpRequest) -> HttpResponse:
    return refusal(404, "There is nothing at this address. See openapi.json for what there is.")


_endpoints, _app, _namespace = api.urls
for _endpoint in _endpoints:
    assert isinstance(_endpoint, URLPattern)
    _endpoint.callback = for_agents(_endpoint.callback)

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
    path("otlp/v1/logs", for_agents(otlp_views.receive_logs), name="receive-logs"),
    path("otlp/v1/metrics", for_agents(otlp_views.receive_metrics), name="receive-metrics"),
    re_path(r"^(?:api|otlp)/", _nothing_here),
    path("tokens/", include(tokens)),
]
