"""The service's settings in a test's environment: Django reads them before any conftest runs."""

import os
import tempfile

os.environ["DEBUG"] = "false"  # whatever a developer's .env says
os.environ["API_AUTH"] = "required"
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="craic-tests-"))
os.environ.setdefault("JWT_SECRET", "a-secret-for-tests-only-0123456789abcdef")
os.environ.setdefault("SECRET_KEY", "another-secret-for-tests-only-0123456789")
os.environ.setdefault("PREDICTION_FLUSH_SECONDS", "0")
os.environ.setdefault("REFRESH_SECONDS", "0")

from craic_ml.settings import *  # noqa: F403
