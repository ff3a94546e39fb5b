// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#include "CKernels.h"
#include "bfloat16.h"

#include <math.h>

CK_MULTIVERSION
void ck_narrow_rows(const float *restrict x, size_t x_stride, uint16_t *restrict y, size_t y_stride, size_t rows,
                    size_t width) {
    for (size_t r = 0; r < rows; r++) {
        const float *from = x + r * x_stride;
        uint16_t *to = y + r * y_stride;
        for (size_t i = 0; i < width; i++) to[i] = ck_narrow(from[i]);
    }
}

CK_MULTIVERSION
void ck_widen_rows(const uint16_t *restrict x, size_t x_stride, float *restrict y, size_t y_stride, size_t rows,
                   size_t width) {
    for (size_t r = 0; r < rows; r++) {
        const uint16_t *from = x + r * x_stride;
        float *to = y + r * y_stride;
        for (size_t i = 0; i < width; i++) to[i] = ck_widen(from[i]);
    }
}

CK_MULTIVERSION
void ck_rms_norm_bf16(const float *restrict x, const float *restrict weight, uint16_t *restrict y,
                      float *restrict inverse, size_t rows, size_t width, float epsilon) {
#pragma clang fp reassociate(on) contract(fast)
    for (size_t r = 0; r < rows; r++) {
        const float *xr = x + r * width;
        uint16_t *yr = y + r * width;
        float sum = 0;
#pragma clang loop vectorize(enable) interleave_count(4)
        for (size_t i = 0; i < width; i++) sum += xr[i] * xr[i];
        float scale = (float)(1.0 / sqrt((double)sum / (double)width + (double)epsilon));
        inverse[r] = scale;
        for (size_t i = 0; i < width; i++) yr[i] = ck_narrow(xr[i] * scale * weight[i]);
    }
}

CK_MULTIVERSION
void ck_rope_bf16(const float *restrict x, uint16_t *restrict y, size_t stride, size_t width,
                  const float *restrict cosine, const float *restrict sine, size_t rows, size_t heads, size_t half,
                  float sign) {
#pragma clang fp contract(fast)
    for (size_t r = 0; r < rows; r++) {
        const float *c = cosine + r * half, *s = sine + r * half, *from = x + r * stride;
        uint16_t *to = y + r * stride;
        for (size_t h = 0; h < heads; h++) {
            const float *a = from + h * 2 * half, *b = a + half;
            uint16_t *ya = to + h * 2 * half, *yb = ya + half;
            for (size_t i = 0; i < half; i++) {
                float turn = s[i] * sign;
                ya[i] = ck_narrow(a[i] * c[i] - b[i] * turn);
                yb[i] = ck_narrow(b[i] * c[i] + a[i] * turn);
            }
        }
        for (size_t i = heads * 2 * half; i < width; i++) to[i] = ck_narrow(from[i]);
    }
}

CK_MULTIVERSION
void ck_swiglu_bf16(const uint16_t *restrict gate, const uint16_t *restrict up, uint16_t *restrict y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float g = ck_widen(gate[i]);
        y[i] = ck_narrow(g / (1.0f + ck_exp(-g)) * ck_widen(up[i]));
    }
}

CK_MULTIVERSION
void ck_swiglu_backward_bf16(const uint16_t *restrict gate, const uint16_t *restrict up, size_t stride,
                             const float *restrict dy, size_t dy_stride, uint16_t *restrict dgate,
                             uint16_t *restrict dup, size_t d_stride, size_t rows, size_t width) {
    for (; rows; rows--, gate += stride, up += stride, dy += dy_stride, dgate += d_stride, dup += d_stride)
        for (size_t i = 0; i < width; i++) {
            float g = ck_widen(gate[i]), sigmoid = 1.0f / (1.0f + ck_exp(-g));
            dgate[i] = ck_narrow(dy[i] * ck_widen(up[i]) * sigmoid * (1.0f + g * (1.0f - sigmoid)));
            dup[i] = ck_narrow(dy[i] * g * sigmoid);
        }
}

CK_MULTIVERSION
void ck_softmax_bf16(float *restrict x, float scale, uint16_t *restrict p, size_t n, size_t padded) {
#pragma clang fp reassociate(on)
    float most = ck_largest(x, n), sum = 0;
#pragma clang loop vectorize(enable) interleave_count(4)
    for (size_t i = 0; i < n; i++) {
        float e = ck_exp((x[i] - most) * scale);
        x[i] = e;
        sum += e;
    }
    float factor = 1.0f / sum;
    for (size_t i = 0; i < n; i++) p[i] = ck_narrow(x[i] * factor);
    for (size_t i = n; i < padded; i++) p[i] = 0;
}

CK_MULTIVERSION
void ck_softmax_backward_bf16(float *restrict x, float *restrict dp, float scale, uint16_t *restrict p,
                              uint16_t *restrict ds, size_t n, size_t padded) {
#pragma clang fp reassociate(on) contract(fast)
    float most = ck_largest(x, n), sum = 0, product = 0;
#pragma clang loop vectorize(enable) interleave_count(4)
    for (size_t i = 0; i < n; i++) {
        float e = ck_exp((x[i] - most) * scale);
        x[i] = e;
        sum += e;
        product += e * dp[i];
    }
    float factor = 1.0f / sum, mean = product * factor;
    for (size_t i = 0; i < n; i++) {
        float probability = x[i] * factor;
        p[i] = ck_narrow(probability);
        ds[i] = ck_narrow(probability * (dp[i] - mean) * scale);
    }
    for (size_t i = n; i < padded; i++) p[i] = ds[i] = 0;
}

CK_MULTIVERSION
double ck_cross_entropy_bf16(float *restrict logits, size_t n, size_t target, float scale,
                             uint16_t *restrict gradient) {
#pragma clang fp reassociate(on)
    float most = ck_largest(logits, n), sum = 0;
    double chosen = (double)logits[target] - (double)most;
#pragma clang loop vectorize(enable) interleave_count(4)
    for (size_t i = 0; i < n; i++) {
        float e = ck_exp(logits[i] - most);
        logits[i] = e;
        sum += e;
    }
    float factor = scale / sum;
    for (size_t i = 0; i < n; i++) gradient[i] = ck_narrow(logits[i] * factor);
    gradient[target] = ck_narrow(logits[target] * factor - scale);
    return log((double)sum) - chosen;
}
