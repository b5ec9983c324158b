"""Which address leads where."""

from django.contrib import admin
from django.contrib.auth import views as accounts
from django.urls import include, path

from allocation.budgets.urls import budget_urls
from allocation.decisions.steering_urls import steering_urls
from allocation.directives.urls import sd_urls
from allocation.forecasts.chance import exhaustion_chance
from allocation.optimizer.urls import optimizer_urls
from allocation.reports.guard import review_results
from allocation.usage.by_sd import spending
from allocation.usage.meters import used_by_meter
from budgetctl.sign_in import ChangePassword

handler500 = "budgetctl.kept_forms.failed"

# Those of Django's that need no mail server.
ACCOUNTS = [
    path("login/", accounts.LoginView.as_view(), name="login"),
    path("logout/", accounts.LogoutView.as_view(), name="logout"),
    path("password_change/", ChangePassword.as_view(), name="password_change"),
    path(
        "password_change/done/",
        accounts.PasswordChangeDoneView.as_view(),
        name="password_change_done",
    ),
]

urlpatterns = [
    # Hooks first: each address before theirs is looked at while they wait.
    path("", include("allocation.claude_code.urls")),
    path("", include("allocation.api.urls")),
    path("", include("allocation.dashboard.urls")),
    path("sds/", include(sd_urls(chance=exhaustion_chance, spend=spending))),
    path("", include("allocation.checkpoints.urls")),
    path("usage/", include("allocation.usage.urls")),
    path("budget/", include(budget_urls(weigh=used_by_meter))),
    path("forecasts/", include("allocation.forecasts.urls")),
    path("decisions/", include("allocation.decisions.urls")),
    path("", include(steering_urls(chance=exhaustion_chance))),
    path("optimize/", include(optimizer_urls(reviews=review_results))),
    path("", include("allocation.reports.urls")),
    path("reminders/", include("allocation.reminders.urls")),
    # One page to sign in on, for the admin too.
    path("admin/login/", accounts.LoginView.as_view()),
    path("admin/", admin.site.urls),
    path("accounts/", include(ACCOUNTS)),
]
