// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// C (+)= A · B for bfloat16 operands and float32 sums; CKernels.h states the arithmetic to the bit.

#include "CKernels.h"
#include "bfloat16.h"

enum {
    columns = CK_PANEL_COLUMNS,
    rows_of_panel = CK_PANEL_ROWS,
    depth_block = CK_DEPTH_BLOCK,
    // Rows whose A stays in the second-level cache while panels of B pass by.
    row_block = 448,
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

size_t ck_panel_size(size_t depth) { return (depth + 1) / 2 * 2 * columns; }
size_t ck_left_panel_size(size_t depth) { return (depth + 1) / 2 * 2 * rows_of_panel; }

void ck_bf16_product(ck_product_path path, size_t m, size_t n, size_t k, const uint16_t *a, size_t a_step,
                     int a_is_packed, const uint16_t *b, size_t b_panel, float *c, size_t c_stride, int accumulate) {
    tile_kernel tile = kernel(path);
    for (size_t k0 = 0; k0 < k; k0 += depth_block) {
        size_t depth = k - k0 < depth_block ? k - k0 : depth_block;
        for (size_t i0 = 0; i0 < m; i0 += row_block) {
            size_t i1 = m - i0 < row_block ? m : i0 + row_block;
            for (size_t j = 0; j < n; j += columns) {
                const uint16_t *panel = b + j / columns * b_panel + k0 * columns;
                size_t width = n - j < columns ? n - j : columns;
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
                    tile(rows, left, panel, c + i * c_stride + j, c_stride, width, accumulate || k0 > 0);
                }
            }
        }
    }
}

// MARK: Packing

typedef uint32_t words16 __attribute__((vector_size(64), aligned(4)));

/// Transposes 16 x 16 words held in 16 vectors.
CK_INLINE void transpose(words16 *r) {
    words16 t[16];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 2) {
        t[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        t[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 4) {
        r[i] = __builtin_shufflevector(t[i], t[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
        r[i + 1] = __builtin_shufflevector(t[i], t[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        r[i + 2] =
            __builtin_shufflevector(t[i + 1], t[i + 3], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
        r[i + 3] =
            __builtin_shufflevector(t[i + 1], t[i + 3], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        t[i] = __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        t[i + 4] = __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
        t[i + 8] =
            __builtin_shufflevector(r[i + 8], r[i + 12], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        t[i + 12] =
            __builtin_shufflevector(r[i + 8], r[i + 12], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        r[i] = __builtin_shufflevector(t[i], t[i + 8], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        r[i + 8] = __builtin_shufflevector(t[i], t[i + 8], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
        r[i + 4] =
            __builtin_shufflevector(t[i + 4], t[i + 12], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        r[i + 12] =
            __builtin_shufflevector(t[i + 4], t[i + 12], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    }
}

// Sources are float32 or bfloat16; the constant argument makes two loops out of one text.
CK_INLINE uint16_t element(const void *source, size_t index, const int is_wide) {
    return is_wide ? ck_narrow(((const float *)source)[index]) : ((const uint16_t *)source)[index];
}

/// Panels of B = Sᵀ for S [n, k]: the depth is contiguous in memory.
CK_INLINE void pack_columns(const void *source, size_t stride, const int is_wide, size_t k, size_t n, size_t first,
                            size_t last, uint16_t *to) {
    size_t size = ck_panel_size(k);
    for (size_t panel = first; panel < last; panel++) {
        size_t j0 = panel * columns, width = n - j0 < columns ? n - j0 : columns;
        uint16_t *out = to + (panel - first) * size;
        size_t k0 = 0;
        for (; width == columns && k0 + 32 <= k; k0 += 32)
            for (size_t half = 0; half < columns; half += 16) {
                words16 r[16];
                for (size_t j = 0; j < 16; j++) {
                    uint16_t line[32];
                    size_t at = (j0 + half + j) * stride + k0;
                    for (size_t i = 0; i < 32; i++) line[i] = element(source, at + i, is_wide);
                    memcpy(&r[j], line, sizeof line);
                }
                transpose(r);
                for (size_t p = 0; p < 16; p++) memcpy(out + (k0 / 2 + p) * columns * 2 + half * 2, &r[p], 64);
            }
        for (size_t i = k0; i < (k + 1) / 2 * 2; i++)
            for (size_t j = 0; j < columns; j++)
                out[i / 2 * columns * 2 + j * 2 + i % 2] =
                    i < k && j < width ? element(source, (j0 + j) * stride + i, is_wide) : 0;
    }
}

/// Pairs of neighbouring rows of S [k, ...] interleaved, `width` of `lanes` columns at a time: panels of B = S
/// (32 columns) or of A = Sᵀ (14 columns).
CK_INLINE void pack_rows(const void *source, size_t stride, const int is_wide, const size_t lanes, size_t k, size_t n,
                         size_t first, size_t last, uint16_t *to) {
    size_t size = (k + 1) / 2 * 2 * lanes;
    // A few rows at a time, so that a cache line of them serves the panels that share it.
    for (size_t k0 = 0; k0 < k; k0 += 32) {
        size_t k1 = k - k0 < 32 ? k : k0 + 32;
        for (size_t panel = first; panel < last; panel++) {
            size_t j0 = panel * lanes, width = n - j0 < lanes ? n - j0 : lanes;
            for (size_t i = k0; i < k1; i += 2) {
                uint16_t *out = to + (panel - first) * size + i * lanes;
                size_t at = i * stride + j0;
                uint16_t line[64];
                if (width == lanes && i + 1 < k) {
                    for (size_t j = 0; j < lanes; j++) {
                        line[2 * j] = element(source, at + j, is_wide);
                        line[2 * j + 1] = element(source, at + stride + j, is_wide);
                    }
                } else {
                    for (size_t j = 0; j < lanes; j++) {
                        line[2 * j] = j < width ? element(source, at + j, is_wide) : 0;
                        line[2 * j + 1] = j < width && i + 1 < k ? element(source, at + stride + j, is_wide) : 0;
                    }
                }
                memcpy(out, line, lanes * 4);
            }
        }
    }
}

CK_MULTIVERSION
void ck_pack_columns_f32(const float *source, size_t stride, size_t k, size_t n, size_t first, size_t last,
                         uint16_t *to) {
    pack_columns(source, stride, 1, k, n, first, last, to);
}

CK_MULTIVERSION
void ck_pack_columns_bf16(const uint16_t *source, size_t stride, size_t k, size_t n, size_t first, size_t last,
                          uint16_t *to) {
    pack_columns(source, stride, 0, k, n, first, last, to);
}

CK_MULTIVERSION
void ck_pack_rows_f32(const float *source, size_t stride, size_t k, size_t n, size_t first, size_t last,
                      uint16_t *to) {
    pack_rows(source, stride, 1, columns, k, n, first, last, to);
}

CK_MULTIVERSION
void ck_pack_rows_bf16(const uint16_t *source, size_t stride, size_t k, size_t n, size_t first, size_t last,
                       uint16_t *to) {
    pack_rows(source, stride, 0, columns, k, n, first, last, to);
}

typedef uint16_t halves16 __attribute__((vector_size(32), aligned(2)));
typedef uint16_t halves32 __attribute__((vector_size(64), aligned(2)));

CK_MULTIVERSION
void ck_pack_left_bf16(const uint16_t *source, size_t stride, size_t k, size_t m, size_t first, size_t last,
                       uint16_t *to) {
    size_t size = ck_left_panel_size(k), whole = k / 2 * 2, vectors = 0;
    // Panels of which 16 columns can be read; a store of 16 pairs spills into the next pair's place, written after.
    while (first + vectors < last && (first + vectors) * rows_of_panel + 16 <= m) vectors++;
    for (size_t k0 = 0; k0 < whole; k0 += 32) {
        size_t k1 = whole - k0 < 32 ? whole : k0 + 32;
        for (size_t panel = 0; panel < vectors; panel++) {
            const uint16_t *from = source + k0 * stride + (first + panel) * rows_of_panel;
            uint16_t *out = to + panel * size + k0 * rows_of_panel;
            for (size_t i = k0; i < k1; i += 2, from += 2 * stride, out += 2 * rows_of_panel) {
                halves16 a = *(const halves16 *)from, b = *(const halves16 *)(from + stride);
                halves32 pairs = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
                                                         8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
                if (i + 2 < k1) *(halves32 *)out = pairs;
                else memcpy(out, &pairs, rows_of_panel * 4);
            }
        }
    }
    if (whole < k)
        for (size_t panel = 0; panel < vectors; panel++)
            pack_rows(source + whole * stride, stride, 0, rows_of_panel, 1, m, first + panel, first + panel + 1,
                      to + panel * size + whole * rows_of_panel);
    pack_rows(source, stride, 0, rows_of_panel, k, m, first + vectors, last, to + vectors * size);
}
