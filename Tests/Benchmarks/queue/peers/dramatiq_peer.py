# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Dramatiq on Redis."""
import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

import job

dramatiq.set_broker(RedisBroker(url=os.environ["REDIS_URL"]))


@dramatiq.actor(queue_name="bench")
def noop(text):
    job.run(text)


def connect():
    return noop.send
