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

// The loops of the gate round so often that the instruction for it halves their time. The constant argument makes two
// codes out of one text; the bits are the same.
CK_INLINE uint16_t rounded(float x, const int by_instruction) {
    if (!by_instruction) return ck_narrow(x);
    __bf16 half = (__bf16)x;
    uint16_t bits;
    memcpy(&bits, &half, sizeof bits);
    return bits;
}

CK_INLINE void swiglu(const uint16_t *restrict gate, const uint16_t *restrict up, uint16_t *restrict y, size_t n,
                      const int by_instruction) {
    for (size_t i = 0; i < n; i++) {
        float g = ck_widen(gate[i]);
        y[i] = rounded(g / (1.0f + ck_exp(-g)) * ck_widen(up[i]), by_instruction);
    }
}

CK_INLINE void swiglu_backward_row(const uint16_t *restrict gate, const uint16_t *restrict up, const float *restrict dy,
                                   uint16_t *restrict dgate, uint16_t *restrict dup, uint16_t *restrict activated,
                                   size_t width, const int activates, const int by_instruction) {
    for (size_t i = 0; i < width; i++) {
        float g = ck_widen(gate[i]), u = ck_widen(up[i]), divisor = 1.0f + ck_exp(-g), sigmoid = 1.0f / divisor;
        dgate[i] = rounded(dy[i] * u * sigmoid * (1.0f + g * (1.0f - sigmoid)), by_instruction);
        dup[i] = rounded(dy[i] * g * sigmoid, by_instruction);
        if (activates) activated[i] = rounded(g / divisor * u, by_instruction);
    }
}

CK_INLINE void swiglu_backward(const uint16_t *gate, const uint16_t *up, size_t stride, const float *dy,
                               size_t dy_stride, uint16_t *dgate, uint16_t *dup, size_t d_stride, uint16_t *activated,
                               size_t activated_stride, size_t rows, size_t width, const int by_instruction) {
    for (size_t r = 0; r < rows; r++) {
        uint16_t *to = activated ? activated + r * activated_stride : 0;
        if (to) swiglu_backward_row(gate, up, dy, dgate, dup, to, width, 1, by_instruction);
        else swiglu_backward_row(gate, up, dy, dgate, dup, 0, width, 0, by_instruction);
        gate += stride, up += stride, dy += dy_stride, dgate += d_stride, dup += d_stride;
    }
}

#if defined(__x86_64__)
#define CK_ROUNDING_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")))

CK_ROUNDING_TARGET static void swiglu_by_instruction(const uint16_t *gate, const uint16_t *up, uint16_t *y, size_t n) {
    swiglu(gate, up, y, n, 1);
}

CK_ROUNDING_TARGET static void swiglu_backward_by_instruction(const uint16_t *gate, const uint16_t *up, size_t stride,
                                                              const float *dy, size_t dy_stride, uint16_t *dgate,
                                                              uint16_t *dup, size_t d_stride, uint16_t *activated,
                                                              size_t activated_stride, size_t rows, size_t width) {
    swiglu_backward(gate, up, stride, dy, dy_stride, dgate, dup, d_stride, activated, activated_stride, rows, width, 1);
}
#endif

CK_MULTIVERSION
static void swiglu_by_words(const uint16_t *gate, const uint16_t *up, uint16_t *y, size_t n) {
    swiglu(gate, up, y, n, 0);
}

CK_MULTIVERSION
static void swiglu_backward_by_words(const uint16_t *gate, const uint16_t *up, size_t stride, const float *dy,
                                     size_t dy_stride, uint16_t *dgate, uint16_t *dup, size_t d_stride,
                                     uint16_t *activated, size_t activated_stride, size_t rows, size_t width) {
    swiglu_backward(gate, up, stride, dy, dy_stride, dgate, dup, d_stride, activated, activated_stride, rows, width, 0);
}

void ck_swiglu_bf16(ck_product_path path, const uint16_t *gate, const uint16_t *up, uint16_t *y, size_t n) {
#if defined(__x86_64__)
    if (path == ck_path_avx512_bf16) return swiglu_by_instruction(gate, up, y, n);
#endif
    swiglu_by_words(gate, up, y, n);
}

void ck_swiglu_backward_bf16(ck_product_path path, const uint16_t *gate, const uint16_t *up, size_t stride,
                             const float *dy, size_t dy_stride, uint16_t *dgate, uint16_t *dup, size_t d_stride,
                             uint16_t *activated, size_t activated_stride, size_t rows, size_t width) {
#if defined(__x86_64__)
    if (path == ck_path_avx512_bf16)
        return swiglu_backward_by_instruction(gate, up, stride, dy, dy_stride, dgate, dup, d_stride, activated,
                                              activated_stride, rows, width);
#endif
    swiglu_backward_by_words(gate, up, stride, dy, dy_stride, dgate, dup, d_stride, activated, activated_stride, rows,
                             width);
}

// Rows of attention are short and end anywhere: they are taken in chunks of constant length, so that no element falls to
// a scalar loop.
enum { chunk = 32 };

/// The elements from `first` on, with `missing` behind the last of them.
CK_INLINE void take_rest(const float *restrict x, size_t first, size_t n, float missing, float *restrict rest) {
    for (size_t j = 0; j < chunk; j++) rest[j] = missing;
    memcpy(rest, x + first, (n - first) * sizeof(float));
}

CK_INLINE float largest_of(const float *restrict x, const float *restrict rest, size_t whole) {
    float best[chunk];
    for (size_t j = 0; j < chunk; j++) best[j] = rest[j];
    for (size_t i = 0; i < whole; i += chunk)
        for (size_t j = 0; j < chunk; j++) best[j] = x[i + j] > best[j] ? x[i + j] : best[j];
    return ck_largest_lane(best, chunk);
}

/// By halves, since one after the other each addition waits for the last.
CK_INLINE float sum_of(float *restrict x) {
#pragma clang loop unroll(full)
    for (size_t half = chunk / 2; half; half /= 2)
#pragma clang loop unroll(full)
        for (size_t j = 0; j < half; j++) x[j] += x[j + half];
    return x[0];
}

/// What is left of a row behind its whole chunks, zeros up to `padded`.
CK_INLINE void put_rest(const uint16_t *restrict rest, size_t whole, size_t n, uint16_t *restrict y, size_t padded) {
    memcpy(y + whole, rest, (n - whole) * sizeof(uint16_t));
    memset(y + n, 0, (padded - n) * sizeof(uint16_t));
}

CK_MULTIVERSION
void ck_softmax_bf16(float *restrict x, float scale, uint16_t *restrict p, size_t n, size_t padded) {
    size_t whole = n / chunk * chunk;
    float rest[chunk], sums[chunk];
    uint16_t halves[chunk];
    take_rest(x, whole, n, -INFINITY, rest);
    float most = largest_of(x, rest, whole);
    for (size_t j = 0; j < chunk; j++) {
        float e = ck_exp((rest[j] - most) * scale);
        sums[j] = rest[j] = whole + j < n ? e : 0;
    }
    for (size_t i = 0; i < whole; i += chunk)
        for (size_t j = 0; j < chunk; j++) {
            float e = ck_exp((x[i + j] - most) * scale);
            x[i + j] = e;
            sums[j] += e;
        }
    float factor = 1.0f / sum_of(sums);
    for (size_t i = 0; i < whole; i += chunk)
        for (size_t j = 0; j < chunk; j++) p[i + j] = ck_narrow(x[i + j] * factor);
    for (size_t j = 0; j < chunk; j++) halves[j] = ck_narrow(rest[j] * factor);
    put_rest(halves, whole, n, p, padded);
}

CK_MULTIVERSION
void ck_softmax_backward_bf16(float *restrict x, float *restrict dp, float scale, uint16_t *restrict p,
                              uint16_t *restrict ds, size_t n, size_t padded) {
#pragma clang fp contract(fast)
    size_t whole = n / chunk * chunk;
    float rest[chunk], d_rest[chunk], sums[chunk], products[chunk];
    uint16_t halves[chunk], d_halves[chunk];
    take_rest(x, whole, n, -INFINITY, rest);
    take_rest(dp, whole, n, 0, d_rest);
    float most = largest_of(x, rest, whole);
    for (size_t j = 0; j < chunk; j++) {
        float e = ck_exp((rest[j] - most) * scale);
        sums[j] = rest[j] = whole + j < n ? e : 0;
        products[j] = rest[j] * d_rest[j];
    }
    for (size_t i = 0; i < whole; i += chunk)
        for (size_t j = 0; j < chunk; j++) {
            float e = ck_exp((x[i + j] - most) * scale);
            x[i + j] = e;
            sums[j] += e;
            products[j] += e * dp[i + j];
        }
    float factor = 1.0f / sum_of(sums), mean = sum_of(products) * factor;
    for (size_t i = 0; i < whole; i += chunk)
        for (size_t j = 0; j < chunk; j++) {
            float probability = x[i + j] * factor;
            p[i + j] = ck_narrow(probability);
            ds[i + j] = ck_narrow(probability * (dp[i + j] - mean) * scale);
        }
    for (size_t j = 0; j < chunk; j++) {
        float probability = rest[j] * factor;
        halves[j] = ck_narrow(probability);
        d_halves[j] = ck_narrow(probability * (d_rest[j] - mean) * scale);
    }
    put_rest(halves, whole, n, p, padded);
    put_rest(d_halves, whole, n, ds, padded);
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
