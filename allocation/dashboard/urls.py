"""The address of the week page."""

from django.urls import path

from allocation.dashboard import views

app_name = "dashboard"
urlpatterns = [path("", views.week, name="week")]
