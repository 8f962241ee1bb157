"""How gunicorn serves: gthread workers forked from one preloaded process."""

import gc
import os
import shutil
from pathlib import Path
from typing import Any

bind = f"0.0.0.0:{os.environ.get('PORT', '4004')}"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
preload_app = True
timeout = 660  # POST /v1/model/retrain may wait 600 seconds
graceful_timeout = 30
keepalive = 75
accesslog = None
control_socket_disable = True

_METRICS = Path(os.environ.get("DATA_DIR", "var")).absolute() / "prometheus"


def when_ready(server: Any) -> None:
    """The address is ours: forget the counts of the server before, and keep what is loaded out of the
    collector's way, so that workers go on sharing its memory."""
    shutil.rmtree(_METRICS, ignore_errors=True)
    _METRICS.mkdir(parents=True)
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    from recommendations.refresher import refresher_start

    refresher_start()


def child_exit(server: Any, worker: Any) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


_METRICS.mkdir(parents=True, exist_ok=True)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_METRICS)
