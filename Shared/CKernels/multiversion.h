// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#pragma once

#include <math.h>
#include <stddef.h>

// One loop, three machine codes; the loader resolves the call once (an ifunc, so glibc on x86-64). One code under the
// thread sanitizer, since the loader resolves before the sanitizer has started.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define CK_MULTIVERSION __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_MULTIVERSION
#endif

// Inlined into a clone, an inline function is compiled with the clone's instructions.
#define CK_INLINE static inline __attribute__((always_inline))

/// e^x within 2 units in the last place, branch-free so that loops over it become vector code.
/// Below -87.3 it gives the smallest normal number instead of a denormal; NaN stays NaN.
CK_INLINE float ck_exp(float x) {
    x = x < -87.33654f ? -87.33654f : x;
    x = x > 88.37626f ? 88.37626f : x;
    float shifted = x * 1.44269504f + 12582912.0f;   // 1.5 * 2^23: rounds to the nearest integer
    float n = shifted - 12582912.0f;
    float r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    union { float f; int i; } bits = { .f = p };
    union { float f; unsigned u; } scaled = { .f = shifted };
    bits.i += (int)(scaled.u << 23);
    return bits.f;
}

/// The largest of `lanes` elements, a power of two: by halves, since one after the other each waits for the last.
CK_INLINE float ck_largest_lane(float *x, const size_t lanes) {
#pragma clang loop unroll(full)
    for (size_t half = lanes / 2; half; half /= 2)
#pragma clang loop unroll(full)
        for (size_t j = 0; j < half; j++) x[j] = x[j + half] > x[j] ? x[j + half] : x[j];
    return x[0];
}

/// The largest element; by lanes, because a plain maximum may not be reordered where NaN matters.
CK_INLINE float ck_largest(const float *restrict x, size_t n) {
    enum { lanes = 64 };
    float best[lanes];
    for (size_t j = 0; j < lanes; j++) best[j] = -INFINITY;
    size_t i = 0;
    for (; i + lanes <= n; i += lanes)
        for (size_t j = 0; j < lanes; j++) best[j] = x[i + j] > best[j] ? x[i + j] : best[j];
    for (size_t j = 0; i + j < n; j++) best[j] = x[i + j] > best[j] ? x[i + j] : best[j];
    return ck_largest_lane(best, lanes);
}
