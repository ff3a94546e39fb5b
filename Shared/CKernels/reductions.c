// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#include "CKernels.h"
#include "multiversion.h"

#include <math.h>

CK_MULTIVERSION
void ck_softmax(float *restrict x, size_t n) {
#pragma clang fp reassociate(on)
    float most = ck_largest(x, n), sum = 0;
#pragma clang loop vectorize(enable) interleave_count(4)
    for (size_t i = 0; i < n; i++) {
        float e = ck_exp(x[i] - most);
        x[i] = e;
        sum += e;
    }
    float scale = 1.0f / sum;
    for (size_t i = 0; i < n; i++) x[i] *= scale;
}

CK_MULTIVERSION
void ck_softmax_backward(const float *restrict p, float *restrict dp, size_t n) {
#pragma clang fp reassociate(on) contract(fast)
    float sum = 0;
#pragma clang loop vectorize(enable) interleave_count(4)
    for (size_t i = 0; i < n; i++) sum += p[i] * dp[i];
    for (size_t i = 0; i < n; i++) dp[i] = p[i] * (dp[i] - sum);
}

CK_MULTIVERSION
double ck_cross_entropy(float *restrict logits, size_t n, size_t target, float scale) {
#pragma clang fp reassociate(on)
    float most = ck_largest(logits, n), sum = 0;
    double chosen = (double)logits[target] - (double)most;
    if (scale == 0) {
#pragma clang loop vectorize(enable) interleave_count(4)
        for (size_t i = 0; i < n; i++) sum += ck_exp(logits[i] - most);
        return log((double)sum) - chosen;
    }
#pragma clang loop vectorize(enable) interleave_count(4)
    for (size_t i = 0; i < n; i++) {
        float e = ck_exp(logits[i] - most);
        logits[i] = e;
        sum += e;
    }
    float factor = scale / sum;
    for (size_t i = 0; i < n; i++) logits[i] *= factor;
    logits[target] -= scale;
    return log((double)sum) - chosen;
}

CK_MULTIVERSION
double ck_log_sum_exp(const float *restrict x, size_t n) {
#pragma clang fp reassociate(on)
    float most = ck_largest(x, n), sum = 0;
#pragma clang loop vectorize(enable) interleave_count(4)
    for (size_t i = 0; i < n; i++) sum += ck_exp(x[i] - most);
    return log((double)sum) + (double)most;
}

CK_MULTIVERSION
size_t ck_argmax(const float *restrict x, size_t n) {
    float most = ck_largest(x, n);
    for (size_t i = 0; i < n; i++)
        if (x[i] == most) return i;
    return 0;
}

CK_MULTIVERSION
float ck_dot(const float *restrict x, const float *restrict y, size_t n) {
#pragma clang fp reassociate(on) contract(fast)
    float sum = 0;
#pragma clang loop vectorize(enable) interleave_count(4)
    for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

CK_MULTIVERSION
double ck_sum_of_squares(const float *restrict x, size_t n) {
#pragma clang fp reassociate(on) contract(fast)
    double total = 0;
    for (size_t start = 0; start < n; start += 4096) {
        size_t end = start + 4096 < n ? start + 4096 : n;
        float sum = 0;
#pragma clang loop vectorize(enable) interleave_count(4)
        for (size_t i = start; i < end; i++) sum += x[i] * x[i];
        total += (double)sum;
    }
    return total;
}

/// `rows` dot products of one matrix row at once, so that it is read from memory once.
#define CK_FEW(ROWS)                                                                                                   \
    for (size_t j = 0; j < columns; j++) {                                                                             \
        const float *wj = w + j * w_stride;                                                                            \
        float sum[ROWS];                                                                                               \
        for (size_t r = 0; r < ROWS; r++) sum[r] = 0;                                                                  \
        float s0 = 0, s1 = 0, s2 = 0, s3 = 0;                                                                          \
        _Pragma("clang loop vectorize(enable) interleave_count(4)") for (size_t i = 0; i < depth; i++) {               \
            s0 += x[i] * wj[i];                                                                                        \
            if (ROWS > 1) s1 += x[x_stride + i] * wj[i];                                                               \
            if (ROWS > 2) s2 += x[2 * x_stride + i] * wj[i];                                                           \
            if (ROWS > 3) s3 += x[3 * x_stride + i] * wj[i];                                                           \
        }                                                                                                              \
        sum[0] = s0;                                                                                                   \
        if (ROWS > 1) sum[1 % ROWS] = s1;                                                                              \
        if (ROWS > 2) sum[2 % ROWS] = s2;                                                                              \
        if (ROWS > 3) sum[3 % ROWS] = s3;                                                                              \
        for (size_t r = 0; r < ROWS; r++) {                                                                            \
            float *out = y + r * y_stride + j;                                                                         \
            *out = accumulate ? *out + sum[r] : sum[r];                                                                \
        }                                                                                                              \
    }

CK_MULTIVERSION
void ck_few_rows(const float *restrict x, size_t x_stride, const float *restrict w, size_t w_stride,
                 float *restrict y, size_t y_stride, size_t rows, size_t columns, size_t depth, int accumulate) {
#pragma clang fp reassociate(on) contract(fast)
    while (rows) {
        size_t now = rows < 4 ? rows : 4;
        if (now == 4) { CK_FEW(4) }
        else if (now == 3) { CK_FEW(3) }
        else if (now == 2) { CK_FEW(2) }
        else { CK_FEW(1) }
        rows -= now;
        x += now * x_stride;
        y += now * y_stride;
    }
}
