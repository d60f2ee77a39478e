"""The places the rail and the tab bar offer. A place appears once its page exists and the reader may open it."""

from dataclasses import dataclass, replace
from functools import cache

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

AGENT = ("agent", "lead", "supervisor", "admin")
SUPERVISOR = ("supervisor", "admin")


@dataclass(frozen=True)
class Area:
    """One entry of the main navigation. `roles` may open it; `key` is the second letter after g."""

    name: str
    label: str | Promise
    icon: str
    url: str
    key: str
    roles: tuple[str, ...] = AGENT

    def holds(self, path: str) -> bool:
        """Whether a path lies in this area: `/settings/people/` holds all of `/settings/`."""
        return path.startswith("/" + self.url.split("/")[1] + "/")


AREAS = (
    Area("inbox", _("Inbox"), "inbox", "/inbox/", "i"),
    Area("calls", _("Calls"), "phone", "/calls/", "c"),
    Area("customers", _("Customers"), "users", "/customers/", "u"),
    Area("knowledge", _("Knowledge"), "book-open", "/knowledge/", "k"),
    Area("incidents", _("Incidents"), "siren", "/incidents/", "n"),
    Area("escalations", _("Escalations"), "arrow-up", "/escalations/", "e"),
    Area("dashboard", _("Dashboard"), "layout-dashboard", "/dashboard/", "d", SUPERVISOR),
    Area("evaluation", _("AI evaluation"), "flask-conical", "/evaluation/", "a", SUPERVISOR),
    Area("settings", _("Settings"), "settings-2", "/settings/people/", "s", SUPERVISOR),
)


@dataclass(frozen=True)
class SettingsPage:
    """One entry of the list beside every page of the settings."""

    label: str | Promise
    icon: str
    url: str
    roles: tuple[str, ...] = SUPERVISOR
    is_current: bool = False


SETTINGS = (
    SettingsPage(_("Profile"), "circle-user", "/profile/", AGENT),
    SettingsPage(_("Notifications"), "bell-ring", "/settings/notifications/", AGENT),
    SettingsPage(_("Macros"), "text-quote", "/settings/macros/", AGENT),
    SettingsPage(_("People and roles"), "users", "/settings/people/"),
    SettingsPage(_("Automation rules"), "workflow", "/settings/rules/"),
    SettingsPage(_("Routing"), "route", "/settings/routing/"),
    SettingsPage(_("Escalations"), "siren", "/settings/escalations/"),
    SettingsPage(_("SLA"), "timer", "/settings/sla/"),
    SettingsPage(_("Business hours"), "clock", "/settings/hours/"),
    SettingsPage(_("Telephony"), "phone", "/settings/telephony/"),
    SettingsPage(_("Chat on websites"), "message-circle", "/settings/widget/"),
    SettingsPage(_("AI provider"), "sparkles", "/settings/ai/"),
    SettingsPage(_("API keys"), "key-round", "/settings/api-keys/"),
    SettingsPage(_("Webhooks"), "webhook", "/settings/webhooks/"),
    SettingsPage(_("Figures and targets"), "layout-dashboard", "/settings/figures/"),
    SettingsPage(_("Alerts and reports"), "bell-ring", "/settings/alerts/"),
    SettingsPage(_("Retention"), "history", "/settings/retention/"),
    SettingsPage(_("Configuration file"), "file-text", "/settings/configuration/"),
    SettingsPage(_("Audit"), "scroll-text", "/settings/audit/"),
)


def settings_for(request: HttpRequest) -> list[SettingsPage]:
    """The pages of the settings that exist and that this reader may open, with the one that is open marked."""
    role = getattr(request.user, "role", "")
    pages = [page for page in SETTINGS if role in page.roles and page_exists(page.url)]
    return [replace(page, is_current=request.path.startswith(page.url)) for page in pages]


def areas_for(request: HttpRequest) -> list[Area]:
    """The areas that exist and that this reader's role may open, in the order of the rail."""
    user = getattr(request, "user", None) or AnonymousUser()
    role = getattr(user, "role", "")
    return [area for area in AREAS if role in area.roles and page_exists(area.url)]


@cache  # the routes are fixed while a process runs
def page_exists(path: str) -> bool:
    """Whether some app serves this path; used for links to pages of the apps above."""
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
