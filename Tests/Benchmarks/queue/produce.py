# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""produce.py PEER JOBS GAP: submits jobs to a Python peer, one call each on one connection; prints the seconds it took."""
import asyncio
import importlib
import inspect
import os
import sys
import time

import job

peer = importlib.import_module(sys.argv[1])
jobs, gap = int(sys.argv[2]), float(sys.argv[3])


async def produce_async():
    submit = await peer.connect()
    start = job.now()
    for _ in range(jobs):
        await submit(job.payload())
        if gap:
            await asyncio.sleep(gap)
    return job.now() - start


def produce():
    submit = peer.connect()
    start = job.now()
    for _ in range(jobs):
        submit(job.payload())
        if gap:
            time.sleep(gap)
    return job.now() - start


print(asyncio.run(produce_async()) if inspect.iscoroutinefunction(peer.connect) else produce(), flush=True)
os._exit(0)  # some clients leave threads behind
