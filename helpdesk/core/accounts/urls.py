"""Sign-in, joining and one's own profile. Our views stand before allauth's at the same paths, so ours answer."""

from django.urls import include, path
from django.views.generic import RedirectView

from . import sessions, views
from .signin import ResetView, SignInView

urlpatterns = [
    path("accounts/login/", SignInView.as_view()),
    path("accounts/password/reset/", ResetView.as_view()),
    path("accounts/email/", RedirectView.as_view(pattern_name="profile")),  # one address each: the one that was invited
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/company/", include("allauth.socialaccount.urls")),
    path("accounts/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("invitations/<str:secret>/", views.JoinView.as_view(), name="invitation"),
    path("setup/<str:secret>/", views.SetupView.as_view(), name="setup"),
    path("profile/", views.profile, name="profile"),
    path("profile/sessions/", sessions.index, name="sessions"),
    path("profile/sessions/<int:session>/end/", sessions.end, name="session-end"),
    path("profile/sessions/end/", sessions.end_others, name="sessions-end"),
    path("profile/availability/", views.availability, name="profile-availability"),
    path("profile/theme/", views.theme, name="profile-theme"),
]
