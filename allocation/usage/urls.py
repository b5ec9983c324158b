"""The addresses below /usage/."""

from django.urls import path

from allocation.usage import views

app_name = "usage"
urlpatterns = [path("", views.week, name="week")]
