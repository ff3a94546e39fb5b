# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""arq, no results."""
import os

from arq import create_pool
from arq.connections import RedisSettings

import job


async def noop(context, text):
    job.run(text)


class WorkerSettings:
    functions = [noop]
    keep_result = 0
    redis_settings = RedisSettings.from_dsn(os.environ["REDIS_URL"])


async def connect():
    pool = await create_pool(WorkerSettings.redis_settings)
    return lambda text: pool.enqueue_job("noop", text)
