"""The shared parts of the screens: how times are said, who gets which colour, what a part looks like."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.utils import timezone

from assist.widget.words import words as widget_words
from helpdesk.core import clock
from helpdesk.core.templatetags import ui
from helpdesk.core.words import words

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


def rendered(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"seconds": 20}, "now"),
        ({"minutes": 6, "seconds": 59}, "6 min"),
        ({"hours": 2, "minutes": 40}, "2 h"),
        ({"days": 1}, "19 Nov"),
        ({"days": 365}, "20 Nov 2025"),
    ],
)
def test_an_age_is_said_in_the_fewest_characters(parts: dict[str, float], said: str) -> None:
    assert clock.age(NOW - timedelta(**parts), NOW) == said


def test_today_is_the_readers_day() -> None:
    late = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
    before_midnight_in_utc = late - timedelta(hours=8)
    assert clock.age(before_midnight_in_utc, late) == "19 Nov"
    with timezone.override("Asia/Tokyo"):
        assert clock.age(before_midnight_in_utc, late) == "8 h"


def test_what_came_this_evening_keeps_its_age_after_midnight() -> None:
    night = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
    assert clock.age(night - timedelta(hours=1), night) == "1 h"
    assert clock.age(night - timedelta(hours=5, minutes=59), night) == "5 h"
    assert clock.age(night - timedelta(hours=6), night) == "19 Nov"


def test_an_age_carries_the_day_that_the_timer_shows_later() -> None:
    html = rendered("{% ago moment %}", moment=timezone.now())
    assert f'data-day="{clock.day(timezone.now())}"' in html


def test_a_promise_carries_both_words_so_that_it_can_run_out_on_screen() -> None:
    now = timezone.now()
    html = rendered("{% sla_card due start %}", due=now + timedelta(minutes=1), start=now)
    assert '<span data-left="left" data-over="over">left</span>' in html
    assert ">over</span>" in rendered("{% sla_card due start %}", due=now - timedelta(minutes=1), start=now - timedelta(hours=1))


def test_every_word_that_a_script_says_comes_with_the_page() -> None:
    said = set()
    files = Path(settings.BASE_DIR, "static", "js").glob("*.js")
    scripts = [file.read_text() for file in files if not file.name.startswith("widget")]  # it has words of its own
    for script in scripts:
        said |= set(re.findall(r"\b(?:word|put)\('([a-z_]+)'", script))
        said |= {f"{name}.{form}" for name in re.findall(r"\bcounted\('([a-z_]+)'", script) for form in ("one", "other")}
        said |= {name for pair in re.findall(r"\bword\([^\n]*?\? '([a-z_]+)' : '([a-z_]+)'", script) for name in pair}
    prefixes = {prefix for script in scripts for prefix in re.findall(r"\bword\(`([a-z_]+)\$\{", script)}
    said |= {name for name in words() if name.startswith(tuple(prefixes))}  # word(`kind_${card.type}`)
    assert said == set(words())
    assert json.loads(unescape(re.sub("<[^>]+>", "", rendered("{% words %}")))) == words()


def test_every_word_that_the_widget_says_comes_with_its_frame() -> None:
    scripts = [file.read_text() for file in Path(settings.BASE_DIR, "static", "js").glob("widget*.js")]
    said = {name for script in scripts for name in re.findall(r"'([a-z_]+)'", script)}
    said |= set(re.findall(r"\bwords\.([a-z_]+)", Path(settings.BASE_DIR, "templates", "widget", "frame.html").read_text()))
    said |= set(re.findall(r"\bsaid\[\"([a-z_]+)\"\]", Path(settings.BASE_DIR, "assist", "widget", "pages.py").read_text()))
    assert set(widget_words()) - said == set(), "words that nobody says"
    assert {name for script in scripts for name in re.findall(r"\bword\('([a-z_]+)'", script)} <= set(widget_words())


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(462, "7:42"), (599, "9:59"), (600, "10 min"), (3600, "1 h"), (4200, "1 h 10"), (7500, "2 h 05"), (260000, "3 d"), (-90, "1:30")],
)
def test_a_length_of_time(seconds: float, said: str) -> None:
    assert clock.span(seconds) == said


def test_a_promise_is_soon_under_a_quarter_and_breached_past_its_time() -> None:
    start = NOW - timedelta(hours=3)
    assert clock.deadline(NOW + timedelta(hours=3), start, now=NOW) == clock.Deadline("ok", "3 h", 50)
    assert clock.deadline(NOW + timedelta(minutes=7, seconds=42), start, now=NOW).state == "soon"
    assert clock.deadline(NOW - timedelta(minutes=18), start, now=NOW) == clock.Deadline("breached", "18 min", 100)
    assert clock.deadline(NOW, start, met=start + timedelta(minutes=14), now=NOW) == clock.Deadline("met", "14 min", 100)
    assert clock.deadline(NOW, start, paused=True, now=NOW).state == "paused"


def test_an_sla_carries_its_instants_for_the_timer() -> None:
    html = rendered("{% sla due start %}", due=timezone.now() + timedelta(hours=5), start=timezone.now())
    assert re.search(r'data-state="ok" data-due="\S+Z" data-start="\S+Z"', html)
    assert rendered("{% sla due start %}", due=None, start=None) == ""


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Maya Lindqvist", "ML"),
        ("Li", "LI"),
        ("Ingrid Sørensen-Dahl", "IS"),
        ("Séamus Ó hEochaidh", "SH"),
        ("نورة الحربي", "نا"),
        ("", "?"),
        ("ruth@fernway.example", "RU"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert ui.initials(name) == letters


def test_a_persons_colour_never_changes() -> None:
    assert ui.hue("0190d3c2") == ui.hue("0190d3c2")
    assert {ui.hue(str(n)) for n in range(200)} == set(range(1, 7))


def test_hostile_names_are_escaped_in_every_part() -> None:
    evil = '"><script>alert(1)</script>'
    html = rendered("{% avatar v %}{% chip v v %}{% icon 'x' 16 v %}{% kbd v %}{% feedback v %}{% callout v v %}{% prio v %}", v=evil)
    assert "<script" not in html
    assert '""' not in html


def test_key_caps_and_marks_come_out_as_markup() -> None:
    assert rendered('{% kbd "Ctrl" "K" %}') == '<kbd class="kbd">Ctrl</kbd><kbd class="kbd">K</kbd>'


def test_confidence_takes_shares_and_percents() -> None:
    assert "86%" in rendered("{% conf 0.86 %}")
    assert rendered("{% conf 86 %}").count("data-off") == 1
    assert rendered("{% conf 38 %}").count("data-off") == 3


def test_every_icon_that_a_page_or_module_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'id="i-([\w-]+)"', (Path(settings.BASE_DIR) / "static/icons.svg").read_text()))
    named: set[str] = set()
    for page in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
        named |= set(re.findall(r"""{% icon ["']([\w-]+)["']""", page.read_text()))
        named |= set(re.findall(r"""icon=["']([\w-]+)["']""", page.read_text()))
    assert named - sprite == set()


OWN_POLICY = {"frame.html"}  # the sandboxed frame around a stranger's mail is served with a policy of its own


def test_no_page_carries_inline_style_or_script() -> None:
    for page in (Path(settings.BASE_DIR) / "templates").rglob("*.html"):
        if page.name in OWN_POLICY:
            continue
        text = page.read_text()
        assert not re.search(r"\sstyle=|<style|\son(?!e=)\w+=|hx-on|javascript:", text), page
        assert not re.search(r"<script(?![^>]*\s(?:src=|type=\"application/ld\+json\"))", text), page
