"""Screenshots and checks of pages on a running stack: `python tests/e2e/shoot.py URL [options]`.

    --as EMAIL:PASSWORD      sign in first (public pages need none)
    --pages /inbox/,/help/   which pages (default: those below that exist)
    --widths 1440,1100,390,320   --themes light,dark   --rtl   --axe   --out FOLDER

Prints what is wrong on each page: console errors (a CSP violation is one), failed requests, clipped text, things off the
page, small targets, axe violations. Leaves with 1 when there was anything. Design: design/ui.md, section 11.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--font-render-hinting=none",
]
PUBLIC = [
    "/accounts/login/",
    "/accounts/password/reset/",
    "/help/",
    "/help/search/?q=driver+gps+stops",
    "/help/contact/",
    "/status/",
    "/status/history/",
    "/nothing-here/",
]
SIGNED_IN = ["/profile/", "/settings/people/", "/inbox/", "/calls/", "/calls/board/", "/incidents/"]
HEIGHT, PHONE, PHONE_HEIGHT = 900, 600, 844  # px
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]

CHECK = (Path(__file__).parent / "checks.js").read_text().partition("*/")[2].strip()


def main() -> int:
    wanted = arguments()
    axe = axe_source() if wanted.axe else ""
    wanted.out.mkdir(parents=True, exist_ok=True)
    problems = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        state = sign_in(browser, wanted.base, *wanted.person.split(":", 1)) if wanted.person else None
        for theme in wanted.themes.split(","):
            for width in map(int, wanted.widths.split(",")):
                context = new_context(browser, width, theme, state, bypass_csp=bool(axe))
                for path in wanted.pages.split(",") if wanted.pages else PUBLIC + (SIGNED_IN if state else []):
                    found = look_at(context, wanted, path, f"{slug(path)}-{width}-{theme}{'-rtl' if wanted.rtl else ''}", axe)
                    problems += len(found)
                    print(f"{path:40} {width:5} {theme:5}", "ok" if not found else "", *found[:10], sep="\n     " if found else " ")
                context.close()
        browser.close()
    print("problems:", problems)
    return int(problems > 0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="for example http://127.0.0.1:8000")
    parser.add_argument("--as", dest="person", default="")
    parser.add_argument("--pages", default="")
    parser.add_argument("--widths", default="1440,1100,390,320")
    parser.add_argument("--themes", default="light,dark")
    parser.add_argument("--rtl", action="store_true")
    parser.add_argument("--axe", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("/tmp/shots"))
    return parser.parse_args()


def axe_source() -> str:
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


def new_context(browser: Browser, width: int, theme: str, state: Any, *, bypass_csp: bool) -> BrowserContext:
    """A browser of this width that prefers this theme. axe is injected, so with it the CSP is off: run both ways."""
    phone = width < PHONE
    return browser.new_context(
        viewport={"width": width, "height": PHONE_HEIGHT if phone else HEIGHT},
        color_scheme=theme,  # type: ignore[arg-type]
        device_scale_factor=2 if phone else 1,
        reduced_motion="reduce",
        has_touch=phone,
        is_mobile=phone,
        storage_state=state,
        bypass_csp=bypass_csp,
    )


def sign_in(browser: Browser, base: str, email: str, password: str) -> Any:
    """The cookies of a person who went through the sign-in page."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", password)
    page.click("main button[data-variant=primary]")
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    state = context.storage_state()
    state["cookies"] = [cookie for cookie in state["cookies"] if cookie["name"] != "theme"]  # the shots choose the theme
    context.close()
    return state


def look_at(context: BrowserContext, wanted: argparse.Namespace, path: str, name: str, axe: str) -> list[str]:
    """Open one page, take its picture, return what is wrong."""
    page, found = context.new_page(), []
    page.on("console", lambda message: found.append(f"CONSOLE {message.text[:200]}") if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(f"ERROR {error}"))
    page.on("response", lambda answer: found.append(f"STATUS {answer.status} {answer.url}") if answer.status >= 500 else None)
    page.goto(wanted.base + path)
    if wanted.rtl:
        page.evaluate("document.documentElement.dir = 'rtl'")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(250)
    page.screenshot(path=wanted.out / f"{name}.png")
    found += page.evaluate(CHECK)
    if axe:
        found += violations(page, axe)
    page.close()
    return [problem for problem in found if not re.search(r"status of 404", problem) or "nothing-here" not in path]


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    result = page.evaluate("tags => axe.run(document, {runOnly: tags})", AXE_TAGS)
    return [f"AXE {v['id']} {[node['target'] for node in v['nodes'][:2]]}" for v in result["violations"]]


def slug(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:50] or "home"


if __name__ == "__main__":
    sys.exit(main())
