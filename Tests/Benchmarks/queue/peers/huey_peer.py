# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Huey on Redis, no results."""
import os

from huey import RedisHuey

import job

huey = RedisHuey("bench", url=os.environ["REDIS_URL"], results=False, blocking=True)


@huey.task()
def noop(text):
    job.run(text)


def connect():
    return noop
