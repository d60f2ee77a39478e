"""What customers reach without signing in."""

from django.urls import path

from .views import my_requests, rating, tracking, webform

urlpatterns = [
    path("help/contact/", webform.contact, name="contact"),
    path("help/contact/sent/<str:reference>/", webform.sent, name="contact-sent"),
    path("help/rate/<str:token>/", rating.rate, name="rate"),
    path("help/requests/", my_requests.my_requests, name="my-requests"),
    path("help/requests/mine/<str:number>/", my_requests.one_request, name="my-request"),
    path("help/requests/<str:secret>/", tracking.request_page, name="request"),
]
