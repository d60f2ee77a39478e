"""PostgreSQL and Redis of our own, for whoever has no servers: started from the wheels' binaries, kept under DATA_DIR.

Who needs them calls `ensure`: it attaches to the servers that run in DATA_DIR or starts them. A small keeper process
(keeper.py) owns both servers; every user holds a shared lock (flock) on one file, which the kernel drops when the
user ends, however it ends. The keeper stops the servers when nobody holds the lock, and they die with the keeper.
"""

from .layout import EmbeddedServersError, Layout, layout
from .running import Needs, ensure, is_kept, release

__all__ = ("EmbeddedServersError", "Layout", "Needs", "ensure", "is_kept", "layout", "release")
