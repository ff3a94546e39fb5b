// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#include "CKernels.h"
#include "bfloat16.h"
#include "multiversion.h"

CK_MULTIVERSION
void ck_rope(float *restrict x, size_t x_stride, const float *restrict cosine, const float *restrict sine, size_t rows,
             size_t heads, size_t half, float sign) {
#pragma clang fp contract(fast)
    for (size_t r = 0; r < rows; r++) {
        const float *c = cosine + r * half, *s = sine + r * half;
        for (size_t h = 0; h < heads; h++) {
            float *restrict a = x + r * x_stride + h * 2 * half;
            float *restrict b = a + half;
            for (size_t i = 0; i < half; i++) {
                float first = a[i], second = b[i], turn = s[i] * sign;
                a[i] = first * c[i] - second * turn;
                b[i] = second * c[i] + first * turn;
            }
        }
    }
}

CK_MULTIVERSION
void ck_swiglu(const float *restrict gate, const float *restrict up, float *restrict y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = gate[i] / (1.0f + ck_exp(-gate[i])) * up[i];
}

CK_MULTIVERSION
void ck_swiglu_backward(const float *restrict gate, const float *restrict up, const float *restrict dy,
                        float *restrict dgate, float *restrict dup, size_t n) {
    for (size_t i = 0; i < n; i++) {
        float g = gate[i], sigmoid = 1.0f / (1.0f + ck_exp(-g));
        dgate[i] = dy[i] * up[i] * sigmoid * (1.0f + g * (1.0f - sigmoid));
        dup[i] = dy[i] * g * sigmoid;
    }
}

CK_MULTIVERSION
void ck_axpy(float a, const float *restrict x, float *restrict y, size_t n) {
#pragma clang fp contract(fast)
    for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}

CK_MULTIVERSION
void ck_scale(float a, float *restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) x[i] *= a;
}

/// 32 random bits for a counter under two keys: Wellons' two-multiply mixer (lowbias32), keyed before and between.
CK_INLINE uint32_t random_bits(uint32_t counter, uint32_t outer, uint32_t inner) {
    uint32_t h = counter ^ outer;
    h ^= h >> 16;
    h *= 0x21f0aaadu;
    h ^= (h >> 15) ^ inner;
    h *= 0x735a2d97u;
    return h ^ (h >> 15);
}

/// Calls STORE(element) with `keeps` for each of n elements from the counter `first` on.
#define CK_DROPOUT(STORE)                                                                                              \
    uint32_t outer = (uint32_t)key, inner = (uint32_t)(key >> 32);                                                     \
    for (size_t done = 0; done < n;) {                                                                                 \
        /* A stretch in which the counter's upper word is constant, so that the loop counts in 32 bits. */             \
        uint64_t start = first + done;                                                                                 \
        uint64_t until = ((start >> 32) + 1) << 32;                                                                    \
        size_t count = until - start < n - done ? (size_t)(until - start) : n - done;                                  \
        uint32_t low = (uint32_t)start, high = inner + (uint32_t)(start >> 32) * 0x9e3779b1u;                          \
        uint32_t stretch = count > 0x40000000u ? 0x40000000u : (uint32_t)count;                                        \
        for (uint32_t i = 0; i < stretch; i++) {                                                                       \
            int keeps = random_bits(low + i, outer, high) >= threshold;                                                \
            STORE(done + i);                                                                                           \
        }                                                                                                              \
        done += stretch;                                                                                               \
    }

CK_MULTIVERSION
void ck_dropout(const float *x, float *y, size_t n, uint64_t key, uint64_t first, uint32_t threshold, float scale) {
#define CK_STORE(i) y[i] = keeps ? x[i] * scale : 0.0f
    CK_DROPOUT(CK_STORE)
#undef CK_STORE
}

CK_MULTIVERSION
void ck_dropout_bf16(const uint16_t *x, uint16_t *y, size_t n, uint64_t key, uint64_t first, uint32_t threshold,
                     float scale) {
#define CK_STORE(i) y[i] = keeps ? ck_narrow(ck_widen(x[i]) * scale) : 0
    CK_DROPOUT(CK_STORE)
#undef CK_STORE
}

CK_MULTIVERSION
void ck_adamw(float *restrict parameter, const float *restrict gradient, float *restrict first,
              float *restrict second, size_t n, ck_adamw_coefficients c) {
#pragma clang fp contract(fast)
    for (size_t i = 0; i < n; i++) {
        float g = gradient[i] * c.gradient_scale;
        float m = first[i] + c.one_minus_beta1 * (g - first[i]);
        float v = second[i] * c.beta2 + c.one_minus_beta2 * (g * g);
        first[i] = m;
        second[i] = v;
        float denominator = __builtin_elementwise_sqrt(v) / c.bias2_square_root + c.epsilon;
        parameter[i] = parameter[i] * c.decay_factor - c.step_size * (m / denominator);
    }
}
