# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""The job that every Python peer runs, as queue-driver's BenchJob: one record of 16 bytes, the time it was submitted and
the time it started (CLOCK_MONOTONIC, seconds), appended to the file that BENCH_DONE names."""
import os
import struct
import time

PAYLOAD_BYTES = 300
_file = None


def now():
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def payload():
    stamp = f"{now()!r}|"
    return stamp + "x" * (PAYLOAD_BYTES - len(stamp))


def _open():
    global _file
    if _file is None:
        _file = os.open(os.environ["BENCH_DONE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    return _file


def run(text):
    os.write(_open(), struct.pack("<dd", float(text.partition("|")[0]), now()))
    if "BENCH_SLEEP" in os.environ:
        time.sleep(float(os.environ["BENCH_SLEEP"]))
