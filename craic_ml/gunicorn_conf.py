"""How gunicorn serves: gthread workers forked from one preloaded process (design: Speed)."""

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


def on_starting(server: Any) -> None:
    gc.freeze()


def child_exit(server: Any, worker: Any) -> None:
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


shutil.rmtree(_METRICS, ignore_errors=True)
_METRICS.mkdir(parents=True)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_METRICS)
