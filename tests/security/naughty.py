"""Strings that have hurt somebody, written by hand: one or two of each class, each recognisable in a page's source."""

from __future__ import annotations

from html.parser import HTMLParser

SCRIPTS = {
    "script": "<script>alert('n4ughty')</script>",
    "svg onload": "<svg onload=alert('n4ughty')>",
    "img onerror": "\"><img src=x onerror=alert('n4ughty')>",
    "attribute breakout": "' autofocus onfocus=alert('n4ughty') x='",
    "javascript link": "[click](javascript:alert('n4ughty')) javascript:alert('n4ughty')//http://x",
    "style": "<style>@import 'https://evil.example/n4ughty.css';</style>",
    "end of textarea": "</textarea></title></script><svg/onload=alert('n4ughty')>",
    "template literal": "${alert('n4ughty')}{{constructor.constructor('alert(1)')()}}",
    "data link": '<a href="data:text/html,<script>alert(1)</script>">n4ughty</a>',
    "meta refresh": "<meta http-equiv=refresh content='0;url=https://evil.example/n4ughty'>",
    "htmx": '<div hx-get="/accounts/logout/" hx-trigger="load">n4ughty</div>',
    "unclosed comment": "<!-- n4ughty",
    "utf-7": "+ADw-script+AD4-alert('n4ughty')+ADw-/script+AD4-",
}
TEMPLATES = {
    "django variable": "{{ settings.SECRET_KEY }} n4ughty",
    "django tag": "{% debug %}{% load static %} n4ughty",
    "format": "{0.__class__.__mro__} {subject!r} n4ughty",
    "percent": "%s %d %(password)s %n n4ughty",
    "shell": "$(touch /tmp/n4ughty) `id` ; rm -rf / #",
}
DATABASES = {
    "sql": "'; DROP TABLE tickets_ticket; -- n4ughty",
    "sql union": "1 UNION SELECT password FROM core_user n4ughty",
    "like": "%_\\%n4ughty",
    "tsquery": "foo & | ! ( <-> :* n4ughty'",
    "json": '{"$gt": ""} n4ughty \\u0000',
    "backslashes": "\\" * 60 + "n4ughty",
}
UNICODE = {
    "bidi": "n4ughty \u202egnp.exe\u202c \u2066x\u2069 \u200f",
    "zero width": "\u200bn4\u200du\ufeffghty\u2060",
    "zalgo": "n4ughty" + "".join(letter + "\u0300\u0316\u0330" * 12 for letter in "hello"),
    "emoji": "n4ughty 👩🏽‍🚀🏴‍☠️🇳🇴 ½ ﷽ 𝕳𝖊𝖑𝖑𝖔",
    "right to left": "n4ughty مرحبا بالعالم שלום עולם",
    "astral and combining": "n4ughty \U0010ffff \ufdd0 e\u0301",
    "turkish and sharp s": "n4ughty İıSSß ﬁ ǅ",
    "line separators": "n4ughty\u2028\u2029\u0085x",
    "replacement": "n4ughty \ufffd\ufffe",
}
CONTROLS = {
    "nul": "n4ughty\x00after",
    "controls": "n4ughty" + "".join(map(chr, [*range(1, 9), *range(14, 32), 127, 0x9B])),
    "escape sequence": "\x1b[31mn4ughty\x1b[0m\x1b]0;title\x07",
    "crlf header": "n4ughty\r\nBcc: evil@evil.example\r\n\r\nbody",
    "lone carriage return": "n4ughty\rX-Evil: 1",
    "vertical tab and form feed": "n4ughty\x0b\x0cx",
}
SIZES = {
    "nothing but blanks": "   \t  \n ",
    "one character": "x",
    "ten thousand words": "n4ughty " + "word " * 10_000,
    "one long word": "n4ughty" + "w" * 30_000,
    "many lines": "n4ughty\n" * 3_000,
    "many brackets": "[" * 5_000 + "n4ughty",
    "many stars": "*" * 5_000 + "n4ughty" + "_" * 5_000,
}
FILE_NAMES = {
    "traversal": "../../../../etc/n4ughty",
    "windows traversal": "..\\..\\windows\\n4ughty.exe",
    "absolute": "/etc/cron.d/n4ughty",
    "hidden": "\u200b.htaccess",
    "nul": "n4ughty\x00.png",
    "bidi": "n4ughty\u202egnp.exe",
    "header": 'n4ughty"; filename="evil.html\r\nX-Evil: 1',
    "long": "n4ughty" * 1_500 + ".pdf",
    "script": "<img src=x onerror=alert('n4ughty')>.html",
    "nothing": "",
    "dots": "...",
    "device": "CON",
    "percent": "%2e%2e%2fn4ughty%00.png",
}
EVERYTHING = SCRIPTS | TEMPLATES | DATABASES | UNICODE | CONTROLS | SIZES
# A browser must never see these of the strings above outside text: they are looked for in the source of every page.
ALIVE = (
    "<script>alert",
    "<svg onload",
    "<svg/onload",
    "<img src=x",
    "<style>@import",
    "<meta http-equiv=refresh",
    '<div hx-get="/accounts/logout',
    '<a href="data:',
    'href="javascript:',
)


class _Reader(HTMLParser):
    """Reads a page as a browser does, and notes what could run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            leads = (value or "").strip().lower()
            if name.startswith("on") or (
                name in ("href", "src", "action", "formaction") and leads.startswith(("javascript:", "data:text"))
            ):
                self.found.append(f"<{tag} {name}={leads[:60]}>")


def living(page: str) -> list[str]:
    """What of our list would run in this page's source."""
    reader = _Reader()
    reader.feed(page)
    return [mark for mark in ALIVE if mark in page] + reader.found
