// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "TestClock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct test_clock *shared;

__attribute__((constructor)) static void map_file(void) {
    const char *path = getenv("TEST_CLOCK_FILE");
    if (!path) return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    void *page = mmap(NULL, sizeof(struct test_clock), PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) shared = page;
    close(file);
}

// Monotonic clocks go on as they are: event loops and timeouts live by them.
int clock_gettime(clockid_t clock, struct timespec *time) {
    long status = syscall(SYS_clock_gettime, clock, time);
    if (status != 0 || !shared || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return (int)status;
    int64_t frozen = __atomic_load_n(&shared->frozen, __ATOMIC_ACQUIRE);
    int64_t now = frozen ? frozen
                         : time->tv_sec * 1000000000LL + time->tv_nsec
                               + __atomic_load_n(&shared->offset, __ATOMIC_ACQUIRE);
    time->tv_sec = now / 1000000000LL;
    time->tv_nsec = now % 1000000000LL;
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
