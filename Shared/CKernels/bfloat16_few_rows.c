// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// Products of a few rows with a bfloat16 matrix that is read from memory once; the arithmetic is that of CKernels.h.

#include "CKernels.h"
#include "bfloat16.h"

enum { columns = CK_PANEL_COLUMNS, depth_block = CK_DEPTH_BLOCK };

#if defined(__x86_64__)

#include <immintrin.h>

#define CK_DOT_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

enum {
    // Two panels at once: four chains a row, and twice the lines on their way from memory.
    most_panels = 2,
    ahead = 4096,
};

CK_DOT_TARGET __attribute__((always_inline)) static inline void few_rows(
    const size_t rows, const size_t panels, size_t k, const uint16_t *a, size_t a_stride, const uint16_t *b,
    size_t b_step, const float *before, size_t before_stride, float *c, size_t c_stride, size_t width) {
    enum { each = 2, most = CK_FEW_ROWS * most_panels * each };
    const size_t vectors = panels * each;
    __m512 totals[most], sums[most];
    __mmask16 masks[most_panels * each];
    for (size_t v = 0; v < vectors; v++) {
        size_t left = width > v * 16 ? width - v * 16 : 0;
        masks[v] = left >= 16 ? 0xffff : (__mmask16)((1u << left) - 1);
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vectors; v++)
            totals[r * vectors + v] =
                before ? _mm512_maskz_loadu_ps(masks[v], before + r * before_stride + v * 16) : _mm512_setzero_ps();
    for (size_t k0 = 0; k0 < k; k0 += depth_block) {
        size_t depth = k - k0 < depth_block ? k - k0 : depth_block;
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows * vectors; i++) sums[i] = _mm512_setzero_ps();
        for (size_t p = 0; p < (depth + 1) / 2; p++) {
            const uint16_t *from = b + k0 * columns + p * 2 * columns;
            __m512bh w[most_panels * each];
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) {
                const uint16_t *at = from + v / each * b_step + v % each * columns;
                __builtin_prefetch(at + ahead / 2);
                w[v] = (__m512bh)_mm512_loadu_si512(at);
            }
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++) {
                const uint16_t *left = a + r * a_stride + k0 + p * 2;
                uint32_t pair = *left;
                if (p * 2 + 1 < depth) memcpy(&pair, left, sizeof pair);
                __m512bh x = (__m512bh)_mm512_set1_epi32((int)pair);
#pragma clang loop unroll(full)
                for (size_t v = 0; v < vectors; v++)
                    sums[r * vectors + v] = _mm512_dpbf16_ps(sums[r * vectors + v], x, w[v]);
            }
        }
        // Without a `before` the first block's sum is taken as it is.
        int is_first = !before && !k0;
#pragma clang loop unroll(full)
        for (size_t i = 0; i < rows * vectors; i++)
            totals[i] = is_first ? sums[i] : _mm512_add_ps(totals[i], sums[i]);
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vectors; v++)
            _mm512_mask_storeu_ps(c + r * c_stride + v * 16, masks[v], totals[r * vectors + v]);
}

CK_DOT_TARGET static void dot_few_rows(size_t m, size_t n, size_t k, const uint16_t *a, size_t a_stride,
                                       const uint16_t *b, size_t b_step, const float *before, size_t before_stride,
                                       float *c, size_t c_stride) {
    for (size_t j = 0; j < n;) {
        size_t panels = n - j > columns ? most_panels : 1;
        size_t width = n - j < panels * columns ? n - j : panels * columns;
        const uint16_t *from = b + j / columns * b_step;
        const float *add = before ? before + j : 0;
#define CK_CASE(N)                                                                                                     \
    case N:                                                                                                            \
        if (panels == 2)                                                                                               \
            few_rows(N, 2, k, a, a_stride, from, b_step, add, before_stride, c + j, c_stride, width);                  \
        else few_rows(N, 1, k, a, a_stride, from, b_step, add, before_stride, c + j, c_stride, width);                 \
        break;
        switch (m) { CK_CASE(1) CK_CASE(2) CK_CASE(3) CK_CASE(4) }
#undef CK_CASE
        j += panels * columns;
    }
}

#endif

void ck_bf16_few_rows(ck_product_path path, size_t m, size_t n, size_t k, const uint16_t *a, size_t a_stride,
                      const uint16_t *b, size_t b_step, const float *before, size_t before_stride, float *c,
                      size_t c_stride) {
#if defined(__x86_64__)
    if (path == ck_path_avx512_bf16 && m <= CK_FEW_ROWS)
        return dot_few_rows(m, n, k, a, a_stride, b, b_step, before, before_stride, c, c_stride);
#endif
    ck_bf16_term term = {a, a_stride, 0, b, b_step, 0, k};
    ck_bf16_result result = {c, before, c_stride, before_stride, 0, 0, 0, 0, 0, 0, 0};
    ck_bf16_sum_of_products(path, m, n, &term, 1, &result);
}
