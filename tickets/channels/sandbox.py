"""Suspicious mail is parsed in a child process: ten seconds, 512 MB, then it is over and nobody else has noticed (T14, F12).

`python -m tickets.channels.sandbox` is that child: raw mail in on standard input, JSON out. It knows neither Django nor the database.
"""

from __future__ import annotations

import base64
import json
import resource
import subprocess
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from .automatic import Bounce
from .headers import Address
from .mime import File, ParsedMail, parse

WALL_SECONDS = 10
MEMORY_BYTES = 512 * 1024 * 1024
_ROOT = Path(__file__).resolve().parents[2]


class Unparseable(Exception):
    """The child died, ran out of time or memory, or gave up. The text says which."""


def parse_in_child(raw: bytes, *, envelope_from: str | None = None) -> ParsedMail:
    """`mime.parse`, at arm's length. Raises Unparseable."""
    asked = json.dumps({"envelope_from": envelope_from, "raw": base64.b64encode(raw).decode()})
    try:
        # Our own module, no shell, nothing of the mail among the arguments.
        command = [sys.executable, "-m", "tickets.channels.sandbox"]
        child = subprocess.run(command, input=asked.encode(), capture_output=True, timeout=WALL_SECONDS, cwd=_ROOT, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise Unparseable(f"still not read after {WALL_SECONDS} s") from error
    if child.returncode != 0:
        last = child.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Unparseable(f"reader ended with {child.returncode}: {last[:200]}")
    return _from_json(json.loads(child.stdout))


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (WALL_SECONDS, WALL_SECONDS))
    asked = json.load(sys.stdin)
    parsed = parse(base64.b64decode(asked["raw"]), envelope_from=asked["envelope_from"])
    json.dump(asdict(parsed), sys.stdout, default=_to_json)


def _to_json(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value)} in a parsed mail")


def _from_json(found: dict[str, Any]) -> ParsedMail:
    people = {name: tuple(Address(**one) for one in found[name]) for name in ("reply_to", "to", "cc")}
    return ParsedMail(
        **{
            **found,
            **people,
            "sender": Address(**found["sender"]),
            "references": tuple(found["references"]),
            "notes": tuple(found["notes"]),
            "delivered_to": tuple(found["delivered_to"]),
            "date": datetime.fromisoformat(found["date"]) if found["date"] else None,
            "bounce": Bounce(**found["bounce"]) if found["bounce"] else None,
            "files": tuple(File(**{**one, "content": base64.b64decode(one["content"])}) for one in found["files"]),
        }
    )


if __name__ == "__main__":
    main()
