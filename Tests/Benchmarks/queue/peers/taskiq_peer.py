# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Taskiq on a Redis stream: acknowledged after the work."""
import os

from taskiq_redis import RedisStreamBroker

import job

broker = RedisStreamBroker(url=os.environ["REDIS_URL"], queue_name="bench")


@broker.task(task_name="noop")
async def noop(text: str) -> None:
    job.run(text)


async def connect():
    await broker.startup()
    return noop.kiq
