// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// Preloaded into a redis-server under test (LD_PRELOAD), it moves that process's wall clock: the file named by
// TEST_CLOCK_FILE is mapped, and a test writes into it. Debian's libfaketime can't do it: it and Redis's jemalloc call
// each other at start.

#pragma once
#include <stdint.h>

struct test_clock {
    /// Added to the time, nanoseconds.
    int64_t offset;
    /// Where it is not zero, the time stands still here, nanoseconds since 1970.
    int64_t frozen;
};
