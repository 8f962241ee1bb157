"""The WSGI entry point. Refuses to start on settings that fail their checks."""

import os

from django.core import checks
from django.core.wsgi import get_wsgi_application

from common.chunked_bodies import with_chunked_bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "craic_ml.settings")
application = with_chunked_bodies(get_wsgi_application())

_failures = [message for message in checks.run_checks(tags=["craic"]) if message.is_serious()]
if _failures:
    raise SystemExit("\n".join(str(message) for message in _failures))
