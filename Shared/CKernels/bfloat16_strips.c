// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// The inner loops of bfloat16 products; CKernels.h states the arithmetic to the bit.

#include "bfloat16_strips.h"
#include "bfloat16.h"

/// Fetches what the whole tile at row `first` will be stored to or added to.
CK_INLINE void fetch_tile(const strip_place *c, size_t first) {
    for (size_t i = 0; i < 5 && c->fetched[i]; i++)
        for (size_t r = first; r < first + rows_of_panel; r++)
            __builtin_prefetch(c->fetched[i] + r * c->fetched_stride[i], 1, 3);
}

CK_INLINE uint32_t load_pair(const uint16_t *at) {
    uint32_t pair;
    memcpy(&pair, at, sizeof pair);
    return pair;
}

// MARK: The plain loop

/// What every kernel must equal: one fused multiply-add after the other, the odd element of a pair first.
/// Compiled without contraction, so on a processor without FMA: the product of two bfloat16 is exact in float32
/// unless it underflows.
static void reference_sums(size_t rows, left_rows a, const uint16_t *b, float *sums) {
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

static void store_sums(const float *sums, size_t first, size_t rows, const strip_place *c) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < c->width; j++) {
            float sum = sums[r * columns + j];
            size_t at = (first + r) * c->before_stride + j;
            if (c->before) sum = c->before[at] + sum;
            if (c->rounded) c->rounded[(first + r) * c->to_stride + j] = ck_narrow(sum);
            else c->to[(first + r) * c->to_stride + j] = sum;
        }
}

typedef void (*sums_of_tile)(size_t, left_rows, const uint16_t *, float *);

#if defined(__x86_64__)

#include <immintrin.h>

// Flush-to-zero and denormals-are-zero: what the bfloat16 instruction does whatever the control register says.
enum { flush_denormals = 0x8040 };

static void sums_without_denormals(sums_of_tile sum, size_t rows, left_rows a, const uint16_t *b, float *sums) {
    unsigned saved = _mm_getcsr();
    _mm_setcsr(saved | flush_denormals);
    // Through a volatile pointer, so that no arithmetic moves across the change of the control register.
    volatile sums_of_tile call = sum;
    call(rows, a, b, sums);
    _mm_setcsr(saved);
}

#else

static void sums_without_denormals(sums_of_tile sum, size_t rows, left_rows a, const uint16_t *b, float *sums) {
    sum(rows, a, b, sums);
}

#endif

/// Tile by tile through memory.
static void strip_by_sums(sums_of_tile sum, size_t rows, const left_rows *a, const uint16_t *b, const strip_place *c) {
    float sums[rows_of_panel * columns];
    left_rows tile = *a;
    for (size_t i = 0; i < rows; i += rows_of_panel, tile.at += a->tile) {
        size_t count = rows - i < rows_of_panel ? rows - i : rows_of_panel;
        sums_without_denormals(sum, count, tile, b, sums);
        store_sums(sums, i, count, c);
    }
}

#if defined(__x86_64__)

// MARK: FMA without bfloat16 instructions

#define CK_FUSED_KERNEL(NAME, TARGET, LANES, ROWS)                                                             \
    typedef float NAME##_floats __attribute__((vector_size(LANES * 4), aligned(4)));                                   \
    typedef uint32_t NAME##_words __attribute__((vector_size(LANES * 4), aligned(4)));                                 \
    __attribute__((target(TARGET), always_inline)) static inline void NAME##_rows(                                     \
        const size_t rows, left_rows a, const uint16_t *b, float *sums) {                                              \
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
    __attribute__((target(TARGET), noinline)) static void NAME##_sums(size_t rows, left_rows a, const uint16_t *b,     \
                                                                      float *sums) {                                   \
        for (; rows >= ROWS; rows -= ROWS, a.at += ROWS * a.row, sums += ROWS * columns)                               \
            NAME##_rows(ROWS, a, b, sums);                                                                             \
        for (; rows; rows--, a.at += a.row, sums += columns) NAME##_rows(1, a, b, sums);                               \
    }

CK_FUSED_KERNEL(avx2, "avx2,fma", 8, 4)
CK_FUSED_KERNEL(avx512, "avx512f,avx512bw,avx512vl,avx512dq", 16, 7)

// MARK: AVX512-BF16

#define CK_DOT_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

/// One tile's part of a `strip_place`, with the masks of its columns; `step` bytes of what comes are fetched a pair.
typedef struct {
    const float *before;
    size_t before_stride;
    float *to;
    uint16_t *rounded;
    size_t to_stride;
    __mmask16 m0, m1;
    const char *coming;
    size_t step;
} dot_place;

CK_DOT_TARGET __attribute__((always_inline)) static inline void dot_tile(const size_t rows, const left_rows a,
                                                                         const uint16_t *b, dot_place c) {
    __m512 s0[rows_of_panel], s1[rows_of_panel];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) s0[r] = s1[r] = _mm512_setzero_ps();
    for (size_t p = 0; p < a.pairs; p++, c.coming += c.step) {
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
    if (c.before)
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            const float *before = c.before + r * c.before_stride;
            s0[r] = _mm512_add_ps(_mm512_maskz_loadu_ps(c.m0, before), s0[r]);
            s1[r] = _mm512_add_ps(_mm512_maskz_loadu_ps(c.m1, before + 16), s1[r]);
        }
    if (c.rounded)
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            uint16_t *to = c.rounded + r * c.to_stride;
            _mm256_mask_storeu_epi16(to, c.m0, (__m256i)_mm512_cvtneps_pbh(s0[r]));
            _mm256_mask_storeu_epi16(to + 16, c.m1, (__m256i)_mm512_cvtneps_pbh(s1[r]));
        }
    else
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            _mm512_mask_storeu_ps(c.to + r * c.to_stride, c.m0, s0[r]);
            _mm512_mask_storeu_ps(c.to + r * c.to_stride + 16, c.m1, s1[r]);
        }
}

/// The step between pairs is a constant in each variant: an address then costs no multiplication.
#define CK_DOT_TILE(N)                                                                                                 \
    do {                                                                                                               \
        if (a.pair == 2) dot_tile(N, (left_rows){a.at, a.row, 2, 0, a.pairs, a.last}, b, c);                           \
        else dot_tile(N, (left_rows){a.at, 2, 2 * rows_of_panel, 0, a.pairs, 0}, b, c);                                \
    } while (0)

/// The tiles of a strip in one function: arguments that pass through memory would wait for the results stored before.
CK_DOT_TARGET static void dot_strip(size_t rows, const left_rows *left, const uint16_t *b, const strip_place *place) {
    left_rows a = *left;
    const size_t width = place->width;
    dot_place c = {place->before, place->before_stride, place->to, place->rounded, place->to_stride,
                   width >= 16 ? 0xffff : (__mmask16)((1u << width) - 1),
                   width >= 32   ? 0xffff
                   : width <= 16 ? 0
                                 : (__mmask16)((1u << (width - 16)) - 1),
                   place->coming, a.pairs ? place->share / a.pairs : 0};
    size_t i = 0;
    for (; i + rows_of_panel <= rows; i += rows_of_panel) {
        fetch_tile(place, i);
        CK_DOT_TILE(rows_of_panel);
        a.at += a.tile;
        if (c.before) c.before += rows_of_panel * c.before_stride;
        if (c.rounded) c.rounded += rows_of_panel * c.to_stride;
        else c.to += rows_of_panel * c.to_stride;
        c.coming += place->share;
    }
#define CK_CASE(N)                                                                                                     \
    case N: CK_DOT_TILE(N); break;
    switch (rows - i) {
        CK_CASE(1) CK_CASE(2) CK_CASE(3) CK_CASE(4) CK_CASE(5) CK_CASE(6) CK_CASE(7)
        CK_CASE(8) CK_CASE(9) CK_CASE(10) CK_CASE(11) CK_CASE(12) CK_CASE(13)
    }
#undef CK_CASE
}

void ck_bf16_strip(ck_product_path path, size_t rows, const left_rows *a, const uint16_t *b, const strip_place *c) {
    switch (path) {
        case ck_path_avx512_bf16: dot_strip(rows, a, b, c); break;
        case ck_path_avx512: strip_by_sums(avx512_sums, rows, a, b, c); break;
        case ck_path_avx2: strip_by_sums(avx2_sums, rows, a, b, c); break;
        default: strip_by_sums(reference_sums, rows, a, b, c);
    }
}

ck_product_path ck_best_product_path(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4"))
        return __builtin_cpu_supports("avx512bf16") ? ck_path_avx512_bf16 : ck_path_avx512;
    return __builtin_cpu_supports("x86-64-v3") ? ck_path_avx2 : ck_path_plain;
}

#else

void ck_bf16_strip(ck_product_path path, size_t rows, const left_rows *a, const uint16_t *b, const strip_place *c) {
    strip_by_sums(reference_sums, rows, a, b, c);
}

ck_product_path ck_best_product_path(void) { return ck_path_plain; }

#endif
