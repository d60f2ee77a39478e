"""Settings by topic. The environment is read here and nowhere else; every default works on a laptop.

`env.py` says what a variable means, `servers.py` where PostgreSQL and Redis are, and `production.py` refuses to start insecure.
"""

import django_stubs_ext

from .accounts import *  # noqa: F403
from .api import *  # noqa: F403
from .base import *  # noqa: F403 - the order is meant: later topics use earlier ones
from .engine import *  # noqa: F403
from .env import *  # noqa: F403 - a settings package is a namespace
from .jobs import *  # noqa: F403
from .logs import *  # noqa: F403
from .mail import *  # noqa: F403
from .security import *  # noqa: F403
from .servers import *  # noqa: F403

django_stubs_ext.monkeypatch()  # `forms.ModelForm[User]` and the like, at run time too
