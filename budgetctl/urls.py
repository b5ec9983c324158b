"""Which address leads where."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("allocation.dashboard.urls")),
    path("decisions/", include("allocation.decisions.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("django.contrib.auth.urls")),
]
