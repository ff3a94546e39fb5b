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
    strip_rows = 448,
    most_blocks = 4,
    // Panels packed together where B is row-major: a row of them is several cache lines.
    panels_together = 4,
};

/// A tile of A: `row` and `pair` are steps in elements; `last` means that the depth is odd and its last element alone.
typedef struct {
    const uint16_t *at;
    size_t row, pair, pairs;
    int last;
} left_tile;

/// Where a tile of `rows` x 32 goes, of which the first `width` columns exist, and what is added first (null: nothing).
typedef struct {
    const float *before;
    size_t before_stride;
    float *to;
    size_t to_stride, width;
    // What comes after the tile's panel: fetched on the way, this many bytes with every pair.
    const char *coming;
    size_t coming_step;
} tile_place;

typedef void (*tile_kernel)(size_t rows, left_tile a, const uint16_t *b, tile_place c);

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

static void store_sums(const float *sums, size_t rows, tile_place c) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < c.width; j++) {
            float sum = sums[r * columns + j];
            c.to[r * c.to_stride + j] = c.before ? c.before[r * c.before_stride + j] + sum : sum;
        }
}

#if defined(__x86_64__)

#include <immintrin.h>

// Flush-to-zero and denormals-are-zero: what the bfloat16 instruction does whatever the control register says.
enum { flush_denormals = 0x8040 };

static void reference_tile(size_t rows, left_tile a, const uint16_t *b, tile_place c) {
    float sums[rows_of_panel * columns];
    unsigned saved = _mm_getcsr();
    _mm_setcsr(saved | flush_denormals);
    // Through a volatile pointer, so that no arithmetic moves across the change of the control register.
    void (*volatile sum)(size_t, left_tile, const uint16_t *, float *) = reference_sums;
    sum(rows, a, b, sums);
    _mm_setcsr(saved);
    store_sums(sums, rows, c);
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
    static void NAME##_tile(size_t rows, left_tile a, const uint16_t *b, tile_place c) {                               \
        float sums[rows_of_panel * columns];                                                                           \
        unsigned saved = _mm_getcsr();                                                                                 \
        _mm_setcsr(saved | flush_denormals);                                                                           \
        void (*volatile sum)(size_t, left_tile, const uint16_t *, float *) = NAME##_sums;                              \
        sum(rows, a, b, sums);                                                                                         \
        _mm_setcsr(saved);                                                                                             \
        store_sums(sums, rows, c);                                                                                     \
    }

CK_FUSED_KERNEL(avx2, "avx2,fma", 8, 4)
CK_FUSED_KERNEL(avx512, "avx512f,avx512bw,avx512vl,avx512dq", 16, 7)

// MARK: AVX512-BF16

#define CK_DOT_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

CK_DOT_TARGET __attribute__((always_inline)) static inline void dot_rows(const size_t rows, left_tile a,
                                                                         const uint16_t *b, tile_place c) {
    __m512 s0[rows_of_panel], s1[rows_of_panel];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) s0[r] = s1[r] = _mm512_setzero_ps();
    for (size_t p = 0; p < a.pairs; p++, c.coming += c.coming_step) {
        __builtin_prefetch(c.coming, 0, 2);
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
    __mmask16 m0 = c.width >= 16 ? 0xffff : (__mmask16)((1u << c.width) - 1);
    __mmask16 m1 = c.width >= 32 ? 0xffff : c.width <= 16 ? 0 : (__mmask16)((1u << (c.width - 16)) - 1);
    if (c.before)
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            const float *before = c.before + r * c.before_stride;
            s0[r] = _mm512_add_ps(_mm512_maskz_loadu_ps(m0, before), s0[r]);
            s1[r] = _mm512_add_ps(_mm512_maskz_loadu_ps(m1, before + 16), s1[r]);
        }
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
        _mm512_mask_storeu_ps(c.to + r * c.to_stride, m0, s0[r]);
        _mm512_mask_storeu_ps(c.to + r * c.to_stride + 16, m1, s1[r]);
    }
}

CK_DOT_TARGET static void dot_tile(size_t rows, left_tile a, const uint16_t *b, tile_place c) {
    // The step between pairs is a constant in each variant: an address then costs no multiplication.
#define CK_CASE(N)                                                                                                     \
    case N:                                                                                                            \
        if (a.pair == 2) {                                                                                             \
            left_tile rowwise = {a.at, a.row, 2, a.pairs, a.last};                                                     \
            dot_rows(N, rowwise, b, c);                                                                                \
        } else {                                                                                                       \
            left_tile panel = {a.at, 2, 2 * rows_of_panel, a.pairs, 0};                                                \
            dot_rows(N, panel, b, c);                                                                                  \
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

static void reference_tile(size_t rows, left_tile a, const uint16_t *b, tile_place c) {
    float sums[rows_of_panel * columns];
    reference_sums(rows, a, b, sums);
    store_sums(sums, rows, c);
}

static tile_kernel kernel(ck_product_path path) { return reference_tile; }
ck_product_path ck_best_product_path(void) { return ck_path_plain; }

#endif

// MARK: The loops around a tile

/// What is multiplied in one block of the depth: `term` from `k0` on.
typedef struct {
    const ck_bf16_term *term;
    size_t k0, depth;
} depth_block_at;

static depth_block_at block_at(const ck_bf16_term *terms, size_t index) {
    for (;; terms++) {
        size_t blocks = (terms->k + depth_block - 1) / depth_block;
        if (index < blocks) {
            size_t k0 = index * depth_block;
            return (depth_block_at){terms, k0, terms->k - k0 < depth_block ? terms->k - k0 : depth_block};
        }
        index -= blocks;
    }
}

static left_tile left_at(depth_block_at block, size_t row) {
    const ck_bf16_term *t = block.term;
    if (t->a_is_packed)   // an odd depth is padded with a zero
        return (left_tile){t->a + row / rows_of_panel * t->a_step + block.k0 * rows_of_panel, 2, 2 * rows_of_panel,
                           (block.depth + 1) / 2, 0};
    return (left_tile){t->a + row * t->a_step + block.k0, t->a_step, 2, block.depth / 2, (int)(block.depth & 1)};
}

/// Rows of A, `depth` long, that stay in the second-level cache while the panels of B pass by: whole tiles, of about
/// the same number each time.
static size_t rows_at_once(size_t m, size_t depth) {
    size_t most = left_elements / depth / rows_of_panel * rows_of_panel;
    most = most < 4 * rows_of_panel ? 4 * rows_of_panel : most > strip_rows ? strip_rows : most;
    size_t times = (m + most - 1) / most;
    return ((m + times - 1) / times + rows_of_panel - 1) / rows_of_panel * rows_of_panel;
}

CK_INLINE void prefetch(const float *c, size_t stride, size_t rows) {
    for (size_t r = 0; r < rows; r++) {
        __builtin_prefetch(c + r * stride, 1, 3);
        __builtin_prefetch(c + r * stride + columns - 1, 1, 3);
    }
}

static void pack_together(depth_block_at block, size_t n, size_t first, uint16_t *to) {
    size_t all = (n + columns - 1) / columns, last = all - first < panels_together ? all : first + panels_together;
    ck_pack_rows_bf16(block.term->b + block.k0 * block.term->b_step, block.term->b_step, block.depth, n, first, last, to);
}

static void finish(const ck_bf16_result *result, const float *strip, size_t i0, size_t j, size_t rows, size_t width) {
    size_t at = i0 * result->stride + j;
    if (result->gate)
        ck_swiglu_backward_bf16(result->gate + at, result->up + at, result->stride, strip, columns,
                                result->rounded + at, result->rounded_up + at, result->stride, rows, width);
    else ck_narrow_rows(strip, columns, result->rounded + at, result->stride, rows, width);
}

void ck_bf16_sum_of_products(ck_product_path path, size_t m, size_t n, const ck_bf16_term *terms, size_t count,
                             const ck_bf16_result *result) {
    tile_kernel tile = kernel(path);
    _Alignas(64) float strip[strip_rows * columns];
    _Alignas(64) uint16_t together[panels_together * depth_block * columns];
    size_t blocks = 0, depth = 0, most = most_blocks;
    for (size_t t = 0; t < count; t++) {
        blocks += (terms[t].k + depth_block - 1) / depth_block;
        depth += terms[t].k;
        if (terms[t].b_is_rows) most = 1;
    }
    // Few blocks at a time, so that enough rows of A fit the cache. A result that is finished needs them all.
    size_t stretches = result->rounded || !blocks ? 1 : (blocks + most - 1) / most;
    size_t stretch = (blocks + stretches - 1) / stretches;
    size_t row_block = rows_at_once(m, stretches == 1 && depth ? depth : most_blocks * depth_block);
    for (size_t first = 0; first < blocks; first += stretch) {
        size_t last = blocks - first < stretch ? blocks - 1 : first + stretch - 1;
        const float *before = first ? result->sums : result->before;
        size_t before_stride = first ? result->stride : result->before_stride;
        for (size_t i0 = 0; i0 < m; i0 += row_block) {
            size_t i1 = m - i0 < row_block ? m : i0 + row_block;
            for (size_t j = 0; j < n; j += columns) {
                size_t width = n - j < columns ? n - j : columns;
                // Between the first and the last block, sums wait in a strip that never leaves the cache.
                for (size_t index = first; index <= last; index++) {
                    depth_block_at block = block_at(terms, index);
                    const ck_bf16_term *term = block.term;
                    const uint16_t *panel = term->b + j / columns * term->b_step + block.k0 * columns;
                    if (term->b_is_rows) {
                        size_t place = j / columns % panels_together;
                        if (!place) pack_together(block, n, j / columns, together);
                        panel = together + place * ck_panel_size(block.depth);
                    }
                    int writes = index == last && !result->rounded, reads = index == first && before;
                    // The panel that comes after this one.
                    depth_block_at after = block_at(terms, index < last ? index + 1 : first);
                    size_t after_j = (index < last ? j : j + columns) / columns;
                    const uint16_t *coming = after.term->b + after_j * after.term->b_step + after.k0 * columns;
                    size_t left = (index == last && j + columns >= n) || after.term->b_is_rows ? 0 : after.depth;
                    // Of its 64 bytes times `left`, what each tile fetches.
                    size_t share = left * 64 / ((i1 - i0 + rows_of_panel - 1) / rows_of_panel);
                    for (size_t i = i0; i < i1; i += rows_of_panel) {
                        size_t rows = i1 - i < rows_of_panel ? i1 - i : rows_of_panel;
                        size_t next = i + rows, ahead = i1 - next < rows_of_panel ? i1 - next : rows_of_panel;
                        float *waiting = strip + (i - i0) * columns;
                        tile_place c = {waiting, columns, waiting, columns, width, (const char *)panel, 0};
                        if (left) c.coming = (const char *)coming + (i - i0) / rows_of_panel * share;
                        if (left) c.coming_step = 2 * share / (block.depth + 1);
                        if (index == first) c.before = before ? before + i * before_stride + j : 0;
                        if (index == first) c.before_stride = before_stride;
                        if (writes) c.to = result->sums + i * result->stride + j;
                        if (writes) c.to_stride = result->stride;
                        // Of the next tile, while this one is computed: memory is slower than its sums.
                        if (writes) prefetch(result->sums + next * result->stride + j, result->stride, ahead);
                        else if (reads) prefetch(before + next * before_stride + j, before_stride, ahead);
                        tile(rows, left_at(block, i), panel, c);
                    }
                }
                if (result->rounded) finish(result, strip, i0, j, i1 - i0, width);
            }
        }
    }
}
