"""The addresses of the reports, below the root."""

from django.urls import path

from allocation.reports import views

app_name = "reports"

urlpatterns = [
    path("audit/", views.list_weeks, name="list-weeks"),
    path("audit/<slug:label>/", views.view_week, name="view-week"),
    path("audit/<slug:label>/lesson/", views.write_week_lesson, name="write-lesson"),
    path("kpis/", views.view_kpis, name="view-kpis"),
    path("kpis/events/new/", views.log_event, name="log-quality-event"),
    path("kpis/events/new/<slug:kind>/", views.log_event, name="log-quality-event-of"),
    path("kpis/events/<int:pk>/delete/", views.delete_event, name="delete-quality-event"),
    path("kpis/roll-back/", views.roll_back, name="roll-back"),
    path("readiness/", views.view_readiness, name="view-readiness"),
]
