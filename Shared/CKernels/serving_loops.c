// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// The loops between the products of a model that answers. Nothing is contracted or reassociated, and sums run in 32
// lanes: the bits are the same on every processor.

#pragma STDC FP_CONTRACT OFF

#include "CKernels.h"
#include "bfloat16.h"

enum { lanes = 32 };

/// The sum of all lanes, halves added to halves.
CK_INLINE float sum_of_lanes(float *sums) {
    for (size_t half = lanes / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) sums[j] += sums[j + half];
    return sums[0];
}

CK_MULTIVERSION
void ck_serving_norm(const float *restrict x, const float *restrict weight, float *restrict y, size_t width,
                     float epsilon) {
    float sums[lanes] = {0};
    size_t i = 0;
    for (; i + lanes <= width; i += lanes)
        for (size_t j = 0; j < lanes; j++) sums[j] += x[i + j] * x[i + j];
    for (size_t j = 0; i + j < width; j++) sums[j] += x[i + j] * x[i + j];
    float inverse = (float)(1.0 / sqrt((double)sum_of_lanes(sums) / (double)width + (double)epsilon));
    for (i = 0; i < width; i++) y[i] = x[i] * inverse * weight[i];
}

CK_MULTIVERSION
void ck_serving_rope(float *restrict x, const float *restrict cosine, const float *restrict sine, size_t heads,
                     size_t half) {
    for (size_t h = 0; h < heads; h++, x += 2 * half)
        for (size_t i = 0; i < half; i++) {
            float first = x[i], second = x[i + half];
            x[i] = first * cosine[i] - second * sine[i];
            x[i + half] = second * cosine[i] + first * sine[i];
        }
}

/// Rounds to float16, finite numbers beyond its range to its largest.
CK_INLINE uint16_t half_bits(float x) {
    x = x > 65504.0f && x < INFINITY ? 65504.0f : x;
    x = x < -65504.0f && x > -INFINITY ? -65504.0f : x;
    _Float16 half = (_Float16)x;
    uint16_t bits;
    memcpy(&bits, &half, sizeof bits);
    return bits;
}

CK_MULTIVERSION
void ck_paged_append(int is_half, size_t width, const float *key, const float *value, void *page, size_t keys,
                     size_t values, size_t token) {
    enum { tokens = CK_PAGE_TOKENS, columns = CK_PANEL_COLUMNS };
    if (is_half) {
        uint16_t *to = page, *k = to + keys + token, *v = to + values + token * columns;
        for (size_t i = 0; i < width; i++) k[i * tokens] = half_bits(key[i]);
        for (size_t i = 0; i < width; i++) v[i / columns * columns * tokens + i % columns] = half_bits(value[i]);
    } else {
        float *to = page, *k = to + keys + token, *v = to + values + token * columns;
        for (size_t i = 0; i < width; i++) k[i * tokens] = key[i];
        for (size_t i = 0; i < width; i++) v[i / columns * columns * tokens + i % columns] = value[i];
    }
}

CK_MULTIVERSION
void ck_serving_softmax(float *restrict x, float scale, size_t first, size_t n, size_t padded) {
    float most = ck_largest(x + first, n - first), sums[lanes] = {0};
    for (size_t i = 0; i < first; i++) x[i] = 0;
    for (size_t i = first; i < n; i++) x[i] = ck_exp((x[i] - most) * scale);
    for (size_t i = n; i < padded; i++) x[i] = 0;
    // Zeros change no sum: it depends neither on what was masked, nor on the padding, nor on whole pages left out.
    size_t i = 0;
    for (; i + lanes <= n; i += lanes)
        for (size_t j = 0; j < lanes; j++) sums[j] += x[i + j];
    for (size_t j = 0; i + j < n; j++) sums[j] += x[i + j];
    float factor = 1.0f / sum_of_lanes(sums);
    for (i = first; i < n; i++) x[i] *= factor;
}

CK_MULTIVERSION
void ck_serving_swiglu(const float *restrict gate_up, float *restrict y, size_t n) {
    enum { stretch = CK_PANEL_COLUMNS };
    for (; n >= stretch; n -= stretch, gate_up += 2 * stretch, y += stretch)
        for (size_t i = 0; i < stretch; i++)
            y[i] = gate_up[i] / (1.0f + ck_exp(-gate_up[i])) * gate_up[stretch + i];
    for (size_t i = 0; i < n; i++) y[i] = gate_up[i] / (1.0f + ck_exp(-gate_up[i])) * gate_up[stretch + i];
}

CK_MULTIVERSION
void ck_serving_scale(float a, float *restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] *= a;
}

CK_MULTIVERSION
void ck_serving_narrow(const float *restrict x, uint16_t *restrict y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = ck_narrow(x[i]);
}

CK_MULTIVERSION
uint64_t ck_read_bytes(const void *at, size_t bytes) {
    const uint64_t *words = at;
    uint64_t sums[lanes] = {0};
    size_t n = bytes / 8, i = 0;
    for (; i + lanes <= n; i += lanes)
        for (size_t j = 0; j < lanes; j++) sums[j] += words[i + j];
    for (; i < n; i++) sums[0] += words[i];
    uint64_t sum = 0;
    for (size_t j = 0; j < lanes; j++) sum += sums[j];
    return sum;
}
