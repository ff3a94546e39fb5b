# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""RQ: the worker that runs jobs in its own process, and no results."""
import os

from redis import Redis
from rq import Queue

import job


def noop(text):
    job.run(text)


def connect():
    queue = Queue("bench", connection=Redis.from_url(os.environ["REDIS_URL"]))
    return lambda text: queue.enqueue(noop, text, result_ttl=0)
