"""Rings the workers' bell after a commit, so that what is due happens at once.

The database is the truth: without Redis the workers' own sweep finds the work some seconds later.
"""

from __future__ import annotations

import time

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

QUEUE = "broker_crm"
SWEEP = "broker_crm.worker.sweep_job"
PAUSE_SECONDS = 15.0


class Bell:
    """Asks for a sweep through Redis; silent while Redis can't be reached.

    Args:
        redis_url: None for no Redis at all.
    """

    def __init__(self, redis_url: str | None) -> None:
        self._quiet_until = 0.0
        self._queue = queue(redis_url) if redis_url else None

    def ring(self) -> bool:
        """Ask for a sweep, unless one waits already; False when nobody could be reached."""
        if self._queue is None or time.monotonic() < self._quiet_until:
            return False
        try:
            if self._queue.is_empty():
                self._queue.enqueue(SWEEP, result_ttl=60, failure_ttl=3600)
        except RedisError:
            self._quiet_until = time.monotonic() + PAUSE_SECONDS
            return False
        return True


def queue(redis_url: str) -> Queue:
    """The queue that web and workers share; jobs are JSON and carry no data."""
    return Queue(QUEUE, connection=connection(redis_url), serializer=JSONSerializer)


def connection(redis_url: str) -> Redis:
    """A connection that gives up soon."""
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=0.5,
        socket_timeout=5,
        retry=Retry(NoBackoff(), 0),
    )
