"""Rebuilds static/icons.svg from the names in static/vendor/icons.txt: `python deploy/vendor.py`.

The icons come from the npm package lucide-static, fetched by the ordinary npm client and checked against
the digest below, so that a browser never talks to a third party. A maintainer runs this after adding a name
to icons.txt and commits the result; nobody needs npm to run the helpdesk.
"""

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

LUCIDE_VERSION = "1.62.0"
LUCIDE_SHA256 = "386f9080c440d6f5049cefe3456ae8357f7a0c7f76e59670cd1cb83bc7050a44"

ROOT = Path(__file__).resolve().parent.parent
NAMES = ROOT / "static" / "vendor" / "icons.txt"
LICENCE = ROOT / "static" / "vendor" / "LICENSE-lucide.txt"
SPRITE = ROOT / "static" / "icons.svg"


def main() -> int:
    """Fetch the package, write the sprite and the licence; 1 when the digest differs."""
    with tempfile.TemporaryDirectory() as folder:
        package = fetch(Path(folder))
        if hashlib.sha256(package.read_bytes()).hexdigest() != LUCIDE_SHA256:
            sys.stderr.write("The package differs from the pinned digest; nothing was written.\n")
            return 1
        with tarfile.open(package) as archive:
            LICENCE.write_text(read(archive, "package/LICENSE"))
            SPRITE.write_text(sprite(archive, sorted(set(NAMES.read_text().split()))))
    return 0


def fetch(folder: Path) -> Path:
    """Download the tarball with `npm pack`; its path."""
    command = ["npm", "pack", "--silent", f"lucide-static@{LUCIDE_VERSION}"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603 - fixed words
    return folder / done.stdout.split()[-1]


def sprite(archive: tarfile.TarFile, names: list[str]) -> str:
    """One SVG with a symbol `i-<name>` for each icon; colours come from the CSS of the page."""
    symbols = [f'<symbol id="i-{name}" viewBox="0 0 24 24">{drawing(archive, name)}</symbol>' for name in names]
    notice = f"<!-- Lucide icons, lucide-static {LUCIDE_VERSION}, ISC Licence: vendor/LICENSE-lucide.txt -->"
    return f'<svg xmlns="http://www.w3.org/2000/svg">{notice}\n' + "\n".join(symbols) + "\n</svg>\n"


def drawing(archive: tarfile.TarFile, name: str) -> str:
    """The shapes inside one icon file, on one line."""
    inner = re.search(r"<svg[^>]*>(.*)</svg>", read(archive, f"package/icons/{name}.svg"), re.DOTALL)
    if inner is None:
        raise ValueError(f"{name}.svg is not an SVG file")
    return re.sub(r"\s+", " ", inner[1]).strip()


def read(archive: tarfile.TarFile, member: str) -> str:
    file = archive.extractfile(member)
    if file is None:
        raise FileNotFoundError(member)
    return file.read().decode()


if __name__ == "__main__":
    sys.exit(main())
