# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Celery on Redis: acknowledged after the work, no results."""
import os

from celery import Celery

import job

app = Celery("bench", broker=os.environ["REDIS_URL"])
app.conf.update(
    task_ignore_result=True, task_acks_late=True, task_default_queue="bench", worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True)


@app.task(name="noop")
def noop(text):
    job.run(text)


def connect():
    return noop.delay
