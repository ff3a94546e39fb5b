// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// C (+)= A · B for bfloat16 operands and float32 sums; CKernels.h states the arithmetic to the bit.

#include "CKernels.h"
#include "bfloat16.h"

enum {
    columns = CK_PANEL_COLUMNS,
    rows_of_panel = CK_PANEL_ROWS,
    depth_block = CK_DEPTH_BLOCK,
    // Of A in the second-level cache, beside a panel of B and a strip of C.
    left_elements = 350 << 9,
    most_blocks = 4,
};

/// A tile of A: `row` and `pair` are steps in elements; `last` means that the depth is odd and its last element alone.
typedef struct {
    const uint16_t *at;
    size_t row, pair, pairs;
    int last;
} left_tile;

/// Sums a tile of `rows` x 32 into C, whose first `width` columns exist.
typedef void (*tile_kernel)(size_t rows, left_tile a, const uint16_t *b, float *c, size_t c_stride, size_t width,
                            int accumulate);

CK_INLINE uint32_t load_pair(const uint16_t *at) {
    uint32_t pair;
    memcpy(&pair, at, sizeof pair);
    return pair;
}

// MARK: The plain loop

/// What every kernel must equal: one fused multiply-add after the other, the odd element of a pair first.
/// Compiled without contraction, so on a processor without FMA: the product of two bfloat16 is exact in float32
/// unless it underflows.
static void reference_sums(size_t rows, left_tile a, const uint16_t *b, float *sums) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < columns; j++) {
            float sum = 0;
            for (size_t p = 0; p < a.pairs; p++) {
                const uint16_t *left = a.at + r * a.row + p * a.pair, *right = b + (p * columns + j) * 2;
                sum = ck_widen(left[1]) * ck_widen(right[1]) + sum;
                sum = ck_widen(left[0]) * ck_widen(right[0]) + sum;
            }
            if (a.last) {
                const uint16_t *right = b + (a.pairs * columns + j) * 2;
                sum = 0.0f * ck_widen(right[1]) + sum;
                sum = ck_widen(a.at[r * a.row + a.pairs * a.pair]) * ck_widen(right[0]) + sum;
            }
            sums[r * columns + j] = sum;
        }
}

static void store_sums(const float *sums, size_t rows, float *c, size_t c_stride, size_t width, int accumulate) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < width; j++) {
            float *out = c + r * c_stride + j;
            *out = accumulate ? *out + sums[r * columns + j] : sums[r * columns + j];
        }
}

#if defined(__x86_64__)

#include <immintrin.h>

// Flush-to-zero and denormals-are-zero: what the bfloat16 instruction does whatever the control register says.
enum { flush_denormals = 0x8040 };

static void reference_tile(size_t rows, left_tile a, const uint16_t *b, float *c, size_t c_stride, size_t width,
                           int accumulate) {
    float sums[rows_of_panel * columns];
    unsigned saved = _mm_getcsr();
    _mm_setcsr(saved | flush_denormals);
    // Through a volatile pointer, so that no arithmetic moves across the change of the control register.
    void (*volatile sum)(size_t, left_tile, const uint16_t *, float *) = reference_sums;
    sum(rows, a, b, sums);
    _mm_setcsr(saved);
    store_sums(sums, rows, c, c_stride, width, accumulate);
}

// MARK: FMA without bfloat16 instructions

#define CK_FUSED_KERNEL(NAME, TARGET, LANES, ROWS)                                                             \
    typedef float NAME##_floats __attribute__((vector_size(LANES * 4), aligned(4)));                                   \
    typedef uint32_t NAME##_words __attribute__((vector_size(LANES * 4), aligned(4)));                                 \
    __attribute__((target(TARGET), always_inline)) static inline void NAME##_rows(                                     \
        const size_t rows, left_tile a, const uint16_t *b, float *sums) {                                              \
        for (size_t j = 0; j < columns; j += 2 * LANES) {                                                              \
            NAME##_floats s0[ROWS], s1[ROWS];                                                                          \
            for (size_t r = 0; r < rows; r++) s0[r] = s1[r] = (NAME##_floats){0};                                      \
            for (size_t p = 0; p < a.pairs + (a.last != 0); p++) {                                                     \
                const uint16_t *right = b + (p * columns + j) * 2;                                                     \
                NAME##_words w0 = *(const NAME##_words *)right, w1 = *(const NAME##_words *)(right + 2 * LANES);       \
                NAME##_floats even0 = (NAME##_floats)(w0 << 16), odd0 = (NAME##_floats)(w0 & 0xffff0000u);             \
                NAME##_floats even1 = (NAME##_floats)(w1 << 16), odd1 = (NAME##_floats)(w1 & 0xffff0000u);             \
                _Pragma("clang loop unroll(full)") for (size_t r = 0; r < rows; r++) {                                 \
                    const uint16_t *left = a.at + r * a.row + p * a.pair;                                              \
                    uint32_t pair = p < a.pairs ? load_pair(left) : *left;                                             \
                    float even = ck_widen((uint16_t)pair), odd = ck_widen((uint16_t)(pair >> 16));                     \
                    NAME##_floats e = (NAME##_floats){0} + even, o = (NAME##_floats){0} + odd;                         \
                    s0[r] = __builtin_elementwise_fma(e, even0, __builtin_elementwise_fma(o, odd0, s0[r]));            \
                    s1[r] = __builtin_elementwise_fma(e, even1, __builtin_elementwise_fma(o, odd1, s1[r]));            \
                }                                                                                                      \
            }                                                                                                          \
            for (size_t r = 0; r < rows; r++) {                                                                        \
                *(NAME##_floats *)(sums + r * columns + j) = s0[r];                                                    \
                *(NAME##_floats *)(sums + r * columns + j + LANES) = s1[r];                                            \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    __attribute__((target(TARGET), noinline)) static void NAME##_sums(size_t rows, left_tile a, const uint16_t *b,     \
                                                                      float *sums) {                                   \
        for (; rows >= ROWS; rows -= ROWS, a.at += ROWS * a.row, sums += ROWS * columns) NAME##_rows(ROWS, a, b, sums); \
        for (; rows; rows--, a.at += a.row, sums += columns) NAME##_rows(1, a, b, sums);                               \
    }                                                                                                                  \
    static void NAME##_tile(size_t rows, left_tile a, const uint16_t *b, float *c, size_t c_stride, size_t width,      \
                            int accumulate) {                                                                          \
        float sums[rows_of_panel * columns];                                                                           \
        unsigned saved = _mm_getcsr();                                                                                 \
        _mm_setcsr(saved | flush_denormals);                                                                           \
        void (*volatile sum)(size_t, left_tile, const uint16_t *, float *) = NAME##_sums;                              \
        sum(rows, a, b, sums);                                                                                         \
        _mm_setcsr(saved);                                                                                             \
        store_sums(sums, rows, c, c_stride, width, accumulate);                                                        \
    }

CK_FUSED_KERNEL(avx2, "avx2,fma", 8, 4)
CK_FUSED_KERNEL(avx512, "avx512f,avx512bw,avx512vl,avx512dq", 16, 7)

// MARK: AVX512-BF16

#define CK_DOT_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

CK_DOT_TARGET __attribute__((always_inline)) static inline void dot_rows(const size_t rows, left_tile a,
                                                                         const uint16_t *b, float *c, size_t c_stride,
                                                                         size_t width, int accumulate) {
    __m512 s0[rows_of_panel], s1[rows_of_panel];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) s0[r] = s1[r] = _mm512_setzero_ps();
    for (size_t p = 0; p < a.pairs; p++) {
        __m512bh b0 = (__m512bh)_mm512_loadu_si512(b + p * columns * 2);
        __m512bh b1 = (__m512bh)_mm512_loadu_si512(b + p * columns * 2 + columns);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            __m512bh x = (__m512bh)_mm512_set1_epi32((int)load_pair(a.at + r * a.row + p * a.pair));
            s0[r] = _mm512_dpbf16_ps(s0[r], x, b0);
            s1[r] = _mm512_dpbf16_ps(s1[r], x, b1);
        }
    }
    if (a.last) {
        __m512bh b0 = (__m512bh)_mm512_loadu_si512(b + a.pairs * columns * 2);
        __m512bh b1 = (__m512bh)_mm512_loadu_si512(b + a.pairs * columns * 2 + columns);
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            __m512bh x = (__m512bh)_mm512_set1_epi32(a.at[r * a.row + a.pairs * a.pair]);
            s0[r] = _mm512_dpbf16_ps(s0[r], x, b0);
            s1[r] = _mm512_dpbf16_ps(s1[r], x, b1);
        }
    }
    __mmask16 m0 = width >= 16 ? 0xffff : (__mmask16)((1u << width) - 1);
    __mmask16 m1 = width >= 32 ? 0xffff : width <= 16 ? 0 : (__mmask16)((1u << (width - 16)) - 1);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
        float *out = c + r * c_stride;
        if (accumulate) {
            s0[r] = _mm512_add_ps(_mm512_maskz_loadu_ps(m0, out), s0[r]);
            s1[r] = _mm512_add_ps(_mm512_maskz_loadu_ps(m1, out + 16), s1[r]);
        }
        _mm512_mask_storeu_ps(out, m0, s0[r]);
        _mm512_mask_storeu_ps(out + 16, m1, s1[r]);
    }
}

CK_DOT_TARGET static void dot_tile(size_t rows, left_tile a, const uint16_t *b, float *c, size_t c_stride,
                                   size_t width, int accumulate) {
    // The step between pairs is a constant in each variant: an address then costs no multiplication.
#define CK_CASE(N)                                                                                                     \
    case N:                                                                                                            \
        if (a.pair == 2) {                                                                                             \
            left_tile rowwise = {a.at, a.row, 2, a.pairs, a.last};                                                     \
            dot_rows(N, rowwise, b, c, c_stride, width, accumulate);                                                   \
        } else {                                                                                                       \
            left_tile panel = {a.at, 2, 2 * rows_of_panel, a.pairs, 0};                                                \
            dot_rows(N, panel, b, c, c_stride, width, accumulate);                                                     \
        }                                                                                                              \
        break;
    switch (rows) {
        CK_CASE(1) CK_CASE(2) CK_CASE(3) CK_CASE(4) CK_CASE(5) CK_CASE(6) CK_CASE(7)
        CK_CASE(8) CK_CASE(9) CK_CASE(10) CK_CASE(11) CK_CASE(12) CK_CASE(13) CK_CASE(14)
    }
#undef CK_CASE
}

static tile_kernel kernel(ck_product_path path) {
    switch (path) {
        case ck_path_avx512_bf16: return dot_tile;
        case ck_path_avx512: return avx512_tile;
        case ck_path_avx2: return avx2_tile;
        default: return reference_tile;
    }
}

ck_product_path ck_best_product_path(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4"))
        return __builtin_cpu_supports("avx512bf16") ? ck_path_avx512_bf16 : ck_path_avx512;
    return __builtin_cpu_supports("x86-64-v3") ? ck_path_avx2 : ck_path_plain;
}

#else

static void reference_tile(size_t rows, left_tile a, const uint16_t *b, float *c, size_t c_stride, size_t width,
                           int accumulate) {
    float sums[rows_of_panel * columns];
    reference_sums(rows, a, b, sums);
    store_sums(sums, rows, c, c_stride, width, accumulate);
}

static tile_kernel kernel(ck_product_path path) { return reference_tile; }
ck_product_path ck_best_product_path(void) { return ck_path_plain; }

#endif

// MARK: The loops around a tile

/// Rows of A of this depth that stay in the second-level cache while the panels of B pass by, in whole tiles.
static size_t rows_at_once(size_t depth) {
    size_t rows = left_elements / depth / rows_of_panel * rows_of_panel;
    return rows < 4 * rows_of_panel ? 4 * rows_of_panel : rows;
}

CK_INLINE void prefetch_to_write(const float *c, size_t c_stride, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++) {
        __builtin_prefetch(c + r * c_stride, 1, 3);
        if (width > 16) __builtin_prefetch(c + r * c_stride + 16, 1, 3);
    }
}

void ck_bf16_product(ck_product_path path, size_t m, size_t n, size_t k, const uint16_t *a, size_t a_step,
                     int a_is_packed, const uint16_t *b, size_t b_panel, float *c, size_t c_stride, int accumulate) {
    tile_kernel tile = kernel(path);
    size_t blocks = (k + depth_block - 1) / depth_block, stretches = (blocks + most_blocks - 1) / most_blocks;
    size_t stretch = stretches ? (blocks + stretches - 1) / stretches * depth_block : 0;
    // A stretch of the depth, some rows of A, a panel of B: all its blocks meet in a strip of C that stays in the cache.
    for (size_t s0 = 0; s0 < k; s0 += stretch) {
        size_t s1 = k - s0 < stretch ? k : s0 + stretch, row_block = rows_at_once(s1 - s0);
        for (size_t i0 = 0; i0 < m; i0 += row_block) {
            size_t i1 = m - i0 < row_block ? m : i0 + row_block;
            for (size_t j = 0; j < n; j += columns) {
                size_t width = n - j < columns ? n - j : columns;
                for (size_t k0 = s0; k0 < s1; k0 += depth_block) {
                    size_t depth = s1 - k0 < depth_block ? s1 - k0 : depth_block;
                    const uint16_t *panel = b + j / columns * b_panel + k0 * columns;
                    for (size_t i = i0; i < i1; i += rows_of_panel) {
                        size_t rows = i1 - i < rows_of_panel ? i1 - i : rows_of_panel;
                        left_tile left = {a + i * a_step + k0, a_step, 2, depth / 2, (int)(depth & 1)};
                        if (a_is_packed) {
                            left.at = a + i / rows_of_panel * a_step + k0 * rows_of_panel;
                            left.row = 2;
                            left.pair = 2 * rows_of_panel;
                            left.pairs = (depth + 1) / 2;   // padded with a zero
                            left.last = 0;
                        }
                        float *out = c + i * c_stride + j;
                        // Of the next tile, while this one is computed: memory is slower than its sums.
                        if (k0 == s0 && i + rows < i1)
                            prefetch_to_write(out + rows * c_stride, c_stride,
                                              i1 - i - rows < rows_of_panel ? i1 - i - rows : rows_of_panel, width);
                        tile(rows, left, panel, out, c_stride, width, accumulate || k0 > 0);
                    }
                }
            }
        }
    }
}
