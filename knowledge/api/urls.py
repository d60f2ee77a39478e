from __future__ import annotations

from django.urls import path

from . import articles, hooks, status

urlpatterns = [
    path("articles/", articles.ArticleList.as_view(), name="api-articles"),
    path("articles/<slug:slug>/", articles.ArticleDetail.as_view(), name="api-article"),
    path("search/", articles.Search.as_view(), name="api-search"),
    path("status/", status.Overall.as_view(), name="api-status"),
    path("status/components/", status.ComponentList.as_view(), name="api-components"),
    path("status/components/<slug:slug>/", status.ComponentDetail.as_view(), name="api-component"),
    path("status/incidents/", status.IncidentList.as_view(), name="api-incidents"),
    path("status/incidents/<str:reference>/", status.IncidentDetail.as_view(), name="api-incident"),
    path("status/incidents/<str:reference>/updates/", status.UpdateList.as_view(), name="api-incident-updates"),
    path("status/deployments/", status.DeploymentList.as_view(), name="api-deployments"),
    path("status/alertmanager/", hooks.Alertmanager.as_view(), name="api-alertmanager"),
    path("status/statuspage/", hooks.StatusPage.as_view(), name="api-status-page"),
    path("status/hooks/<str:token>/", hooks.Hook.as_view(), name="api-status-hook"),
]
