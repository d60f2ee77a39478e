"""What the source itself must not hold: markup trusted without a reason, look-ups without a viewer, SQL made of words (T01, T21, T35)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("helpdesk", "customers", "knowledge", "tickets", "assist")

# Whoever trusts markup says here, and beside the line, who cleaned it.
TRUSTED = {
    "knowledge/excerpts.py": "escaped first, then our own <mark>",
    "knowledge/rendering.py": "markdown-it with html off; every part of a mark is escaped",
    "knowledge/structured.py": "JSON in a data block; <, > and & are escaped",
    "tickets/templatetags/tickets_ui.py": "agents' Markdown through nh3; strangers' text escaped",
    "tickets/views/bodies.py": "nh3 in html.for_display, shown in a sandboxed frame",
}
# Models whose rows belong to a team or a person: a view asks `visible_to`, or finds them through an object that was found so.
OWNED = ("Ticket", "Message", "Attachment", "Customer", "Draft", "Suggestion", "TriageRun", "CallSession")
SCOPED = re.compile(
    r"visible_to|ticket__in=|message__in=|_ref=find\(|pk=(ticket|message|draft|found|self|fresh)\.pk|pk=pk\)\)|\.none\(\)|\.exists\(\)|for_thread|for_screen"
)


def source(*folders: str, kind: str = "*.py") -> Iterator[tuple[str, int, str]]:
    for folder in folders or APPS:
        for path in sorted((ROOT / folder).rglob(kind)):
            if "migrations" not in path.parts:
                for number, line in enumerate(path.read_text().splitlines(), 1):
                    yield str(path.relative_to(ROOT)), number, line


def test_nobody_trusts_markup_without_saying_why() -> None:
    users = {path for path, _n, line in source() if re.search(r"\bmark_safe\(", line)}
    assert users <= set(TRUSTED), users - set(TRUSTED)
    bare = [
        f"{path}:{n}"
        for path, n, line in source()
        if "mark_safe(" in line and "def " not in line and not re.search(r"# noqa: S308 - \w+", line)
    ]
    assert bare == [], "say beside the line who cleaned it"


def test_no_made_up_string_is_called_safe() -> None:
    found = [
        f"{path}:{n} {line.strip()}"
        for path, n, line in source()
        if re.search(r"SafeString\((?!\"\"|'aria-hidden)", line) and "class " not in line
    ]
    assert found == []
    built = [f"{path}:{n}" for path, n, line in source() if re.search(r"format_html(_join)?\(\s*(f[\"']|[a-z_]+ ?[,+)])", line)]
    assert built == [], "format_html wants a constant first"


def test_no_template_turns_escaping_off() -> None:
    found = [
        f"{path}:{n} {line.strip()[:100]}"
        for path, n, line in [*source("templates", kind="*.html"), *source(kind="*.html")]
        if re.search(r"\|\s*(safe|safeseq)\b|autoescape\s+off|\{%\s*debug", line)
    ]
    assert found == []


def test_no_template_holds_script_or_style_of_its_own() -> None:
    """The policy would block it; a page that needs it is broken without anybody noticing."""
    inline = re.compile(
        r"<script(?![^>]*\b(src|type=\"application/(ld\+)?json\"))|<style|\son(click|load|error|submit|change|input)=|\sstyle=|href=\"javascript:",
        re.IGNORECASE,
    )
    found = [
        f"{path}:{n} {line.strip()[:100]}"
        for path, n, line in source("templates", kind="*.html")
        if inline.search(line) and path != "templates/tickets/frame.html"
    ]
    assert found == []


def test_views_look_up_what_is_owned_through_its_viewer() -> None:
    wanted = re.compile(rf"\b({'|'.join(OWNED)})\.objects\.")
    views = [
        (path, n, line) for path, n, line in source() if re.search(r"(/views(/|\.py)|/api/|/consumers\.py|/backoffice/|/console/)", path)
    ]
    loose = [f"{path}:{n} {line.strip()[:110]}" for path, n, line in views if wanted.search(line) and not SCOPED.search(line)]
    assert [one for one in loose if not one.startswith(tuple(ALLOWED))] == []


# path: why these look-ups need no viewer
ALLOWED = {
    "helpdesk/backoffice/metrics/": "figures of the whole company, shown to supervisors alone",
    "helpdesk/backoffice/alerts.py": "the same figures, watched by the scheduler",
    "assist/api/actions.py": "of a ticket that find() looked up within what the caller may see",
    "assist/views.py": "updates of rows that _draft and _suggestion found through the ticket",
    "tickets/views/bulk.py": "filters what visible_to gave",
}


def test_no_sql_is_made_of_words() -> None:
    f_string = re.compile(r"(\.execute|RawSQL|\.raw|\.extra)\(\s*f?[\"'].*(\{|%\s*\(|\" ?\+)")
    found = [
        f"{path}:{n}" for path, n, line in source() if f_string.search(line) and not path.startswith("assist/evaluation/")
    ]  # names of our own tables
    assert found == []
    assert [f"{path}:{n}" for path, n, line in source() if re.search(r"\.extra\(|filter\(\*\*request", line)] == []
