"""Predictions, appended in memory and written as one multi-row insert.

A killed process loses at most `PREDICTION_FLUSH_SECONDS` of them: they are a record of what was served,
not something a client was told is stored. Exposures and feedback never go this way.
"""

import atexit
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.db import DataError, Error, IntegrityError, close_old_connections, connection
from prometheus_client import Counter

from feedback.models import Prediction

logger = logging.getLogger(__name__)
LARGEST_INSERT = 500
LARGEST_BACKLOG = 20_000

_dropped = Counter("craic_predictions_dropped", "Predictions served but never logged: no room, or refused.")


class PredictionLog:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Prediction] = []
        self._writer_of: int | None = None  # the process whose writer thread runs; a fork starts its own
        self._writer: threading.Thread | None = None
        self._ended = threading.Event()
        self._has_writer = True

    def append(self, prediction: Prediction) -> None:
        if settings.PREDICTION_FLUSH_SECONDS == 0:
            _write([prediction])
            return
        with self._lock:
            if len(self._waiting) >= LARGEST_BACKLOG:
                _dropped.inc()
                return
            self._waiting.append(prediction)
        if self._has_writer and self._writer_of != os.getpid():
            self._start_writer()

    @contextmanager
    def written_by_hand(self) -> Iterator[None]:
        """Within, no thread starts to write: `flush` does, in the caller's transaction. What waits at the end
        is dropped. For a process that serves nobody else meanwhile."""
        self._has_writer = False
        try:
            yield
        finally:
            self._has_writer = True
            with self._lock:
                self._waiting = []

    def flush(self) -> None:
        """Write what waits. While the database is away it waits on; what it will never take is dropped."""
        while True:
            with self._lock:
                batch, self._waiting = self._waiting[:LARGEST_INSERT], self._waiting[LARGEST_INSERT:]
            if not batch:
                return
            try:
                _write(batch)
            except (DataError, IntegrityError):
                logger.exception("%d predictions cannot be stored and are dropped", len(batch))
                _dropped.inc(len(batch))
            except Error:
                logger.exception("The prediction log could not be written; %d rows wait", len(batch))
                with self._lock:
                    self._waiting = batch + self._waiting
                return

    def stop(self) -> None:
        """Write what waits and end the writer thread; called when the process exits."""
        if self._writer is not None and self._writer_of == os.getpid():
            self._ended.set()
            self._writer.join(timeout=5)

    def _start_writer(self) -> None:
        with self._lock:
            if self._writer_of == os.getpid():
                return
            self._writer_of = os.getpid()
            self._ended = threading.Event()
            self._writer = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self._writer.start()
        atexit.register(self.stop)

    def _run(self) -> None:
        try:
            while not self._ended.wait(settings.PREDICTION_FLUSH_SECONDS):
                self._flush_or_log()
            self._flush_or_log()
        finally:
            connection.close()

    def _flush_or_log(self) -> None:
        try:
            close_old_connections()
            self.flush()
        except Exception:
            logger.exception("The prediction log's writer met a fault; it goes on")


def _write(batch: Sequence[Prediction]) -> None:
    Prediction.objects.bulk_create(batch, batch_size=LARGEST_INSERT)


prediction_log = PredictionLog()
