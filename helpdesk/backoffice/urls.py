"""Pages of the roof room."""

from django.urls import path

from . import people

urlpatterns = [
    path("settings/people/", people.index, name="people"),
    path("settings/people/<uuid:user_id>/", people.person, name="person"),
    path("settings/people/<uuid:user_id>/resend/", people.resend, name="person-resend"),
    path("settings/people/<uuid:user_id>/revoke/", people.revoke, name="person-revoke"),
    path("settings/people/<uuid:user_id>/deactivate/", people.deactivate, name="person-deactivate"),
    path("settings/people/<uuid:user_id>/reactivate/", people.reactivate, name="person-reactivate"),
]
