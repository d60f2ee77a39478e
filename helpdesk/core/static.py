"""Static files in production: names with a hash, compressed, and so are the modules that our modules import."""

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage  # type: ignore[import-untyped]

IMPORTS = ((r"""(?P<matched>from\s+['"](?P<url>\./[\w.-]+\.js)['"])""", 'from "%(url)s"'),)


class StaticFiles(CompressedManifestStaticFilesStorage):
    """Without this, `import … from './bus.js'` asks for the unhashed file, which a browser may keep over a deploy.

    Only for our own folder: some third-party files import what their package does not carry, and collectstatic refuses that.
    """

    patterns = (*HashedFilesMixin.patterns, ("js/*.js", IMPORTS))
