// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE

#include "CKernels.h"

#include <sched.h>
#include <unistd.h>

int ck_processors(void) {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

#if defined(__x86_64__)
int ck_instruction_level(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return 4;
    if (__builtin_cpu_supports("x86-64-v3")) return 3;
    return 1;
}

int ck_has_bfloat16_dot(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bf16") ? 1 : 0;
}
#else
int ck_instruction_level(void) { return 0; }
int ck_has_bfloat16_dot(void) { return 0; }
#endif
