"""What customers reach without signing in."""

from django.urls import path

from .views import tracking, webform

urlpatterns = [
    path("help/contact/", webform.contact, name="contact"),
    path("help/contact/sent/<str:reference>/", webform.sent, name="contact-sent"),
    path("help/requests/<str:secret>/", tracking.request_page, name="request"),
]
