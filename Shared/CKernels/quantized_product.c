// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// Products of quantised weights and quantised activations; ServingKernels.h states the arithmetic to the bit.

#pragma STDC FP_CONTRACT OFF

#include "CKernels.h"
#include "multiversion.h"

#include <string.h>

enum {
    columns = CK_PANEL_COLUMNS,
    block = CK_BLOCK,
    // From what is computed to what is fetched: as many bytes as one thread has on their way from memory.
    fetched_ahead = 8192,
};

/// Where a tile of `rows` x 32 goes, of which the first `width` columns exist, and what is added first (null: nothing).
typedef struct {
    const float *before;
    size_t before_stride;
    float *to;
    size_t to_stride, width;
} tile_place;

static void store_sums(const float *sums, size_t rows, const tile_place *c) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < c->width; j++) {
            float sum = sums[r * columns + j];
            c->to[r * c->to_stride + j] = c->before ? c->before[r * c->before_stride + j] + sum : sum;
        }
}

CK_INLINE ck_quantized_rows rows_from(ck_quantized_rows a, size_t row) {
    return (ck_quantized_rows){a.values + row * a.stride, a.scales + row * a.block_stride,
                               a.corrections + row * a.block_stride, a.stride, a.block_stride};
}

// MARK: The plain loop

CK_INLINE void plain_row(const int is_q8, const int8_t *x, const float *scales, const int32_t *corrections,
                         const uint8_t *b, size_t blocks, float *sums) {
    for (size_t j = 0; j < columns; j++) sums[j] = 0;
    for (size_t i = 0; i < blocks; i++, x += block) {
        const uint8_t *w = b + columns * 2;
        int32_t dots[columns];
        for (size_t j = 0; j < columns; j++) dots[j] = corrections[i];
        for (size_t group = 0; group < (is_q8 ? 8 : 4); group++, w += columns * 4)
            for (size_t j = 0; j < columns; j++)
                for (size_t e = 0; e < 4; e++) {
                    uint8_t byte = w[j * 4 + e];
                    if (is_q8) dots[j] += (int32_t)byte * x[group * 4 + e];
                    else dots[j] += (byte & 15) * x[group * 4 + e] + (byte >> 4) * x[16 + group * 4 + e];
                }
        for (size_t j = 0; j < columns; j++) {
            _Float16 scale;
            memcpy(&scale, b + j * 2, 2);
            sums[j] = __builtin_fmaf((float)dots[j], (float)scale * scales[i], sums[j]);
        }
        b += is_q8 ? CK_Q8_PANEL_BLOCK : CK_Q4_PANEL_BLOCK;
    }
}

CK_MULTIVERSION
static void plain_q8(const int8_t *x, const float *scales, const int32_t *corrections, const uint8_t *b, size_t blocks,
                     float *sums) {
    plain_row(1, x, scales, corrections, b, blocks, sums);
}

CK_MULTIVERSION
static void plain_q4(const int8_t *x, const float *scales, const int32_t *corrections, const uint8_t *b, size_t blocks,
                     float *sums) {
    plain_row(0, x, scales, corrections, b, blocks, sums);
}

enum { plain_rows_at_once = 7 };

static void plain_tile(ck_quantized_type type, size_t rows, ck_quantized_rows a, const uint8_t *b, size_t blocks,
                       const tile_place *c) {
    float sums[columns];
    for (size_t r = 0; r < rows; r++) {
        ck_quantized_rows row = rows_from(a, r);
        (type == ck_q8_0 ? plain_q8 : plain_q4)(row.values, row.scales, row.corrections, b, blocks, sums);
        tile_place place = {c->before ? c->before + r * c->before_stride : 0, 0, c->to + r * c->to_stride, 0, c->width};
        store_sums(sums, 1, &place);
    }
}

typedef void (*tile_kernel)(ck_quantized_type type, size_t rows, ck_quantized_rows a, const uint8_t *b, size_t blocks,
                            const tile_place *c);

/// A kernel and how many rows it takes at most.
typedef struct {
    tile_kernel tile;
    size_t rows;
} integer_kernel;

#if defined(__x86_64__)

#include <immintrin.h>

CK_INLINE int32_t word_at(const int8_t *x) {
    int32_t word;
    memcpy(&word, x, sizeof word);
    return word;
}

// A tile of N rows of either type: both are constants in each variant.
#define CK_TILE_CASE(NAME, N)                                                                                          \
    case N:                                                                                                            \
        if (type == ck_q8_0) NAME##_rows(1, N, a, b, blocks, c);                                                       \
        else NAME##_rows(0, N, a, b, blocks, c);                                                                       \
        break;

// MARK: AVX2

#define CK_AVX2_TARGET "avx2,fma,f16c"
enum { avx2_rows_at_once = 2 };

#define CK_TILE avx2
#define CK_TILE_TARGET CK_AVX2_TARGET
#define CK_TILE_ROWS avx2_rows_at_once
#define CK_LANES 8
#define CK_V(NAME) _mm256_##NAME
#define CK_WORDS __m256i
#define CK_FLOATS __m256
#define CK_LOAD(AT) _mm256_loadu_si256((const __m256i *)(AT))
#define CK_LOAD_HALVES(AT) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(AT)))
#define CK_SIGNED(X, W) _mm256_sign_epi8(X, W)
#define CK_XOR(A, B) _mm256_xor_si256(A, B)
#define CK_AND(A, B) _mm256_and_si256(A, B)
#include "quantized_tiles.h"

__attribute__((target(CK_AVX2_TARGET))) static void avx2_tile(ck_quantized_type type, size_t rows, ck_quantized_rows a,
                                                              const uint8_t *b, size_t blocks, const tile_place *c) {
    switch (rows) { CK_TILE_CASE(avx2, 1) CK_TILE_CASE(avx2, 2) }
}

// MARK: AVX-512 without VNNI

#define CK_AVX512_TARGET "avx512f,avx512bw,avx512vl,avx512dq,f16c"
enum { avx512_rows_at_once = 4 };

#define CK_TILE avx512
#define CK_TILE_TARGET CK_AVX512_TARGET
#define CK_TILE_ROWS avx512_rows_at_once
#define CK_LANES 16
#define CK_V(NAME) _mm512_##NAME
#define CK_WORDS __m512i
#define CK_FLOATS __m512
#define CK_LOAD(AT) _mm512_loadu_si512(AT)
#define CK_LOAD_HALVES(AT) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(AT)))
#define CK_SIGNED(X, W) _mm512_mask_sub_epi8(X, _mm512_movepi8_mask(W), _mm512_setzero_si512(), X)
#define CK_XOR(A, B) _mm512_xor_si512(A, B)
#define CK_AND(A, B) _mm512_and_si512(A, B)
#include "quantized_tiles.h"

__attribute__((target(CK_AVX512_TARGET))) static void avx512_tile(ck_quantized_type type, size_t rows,
                                                                  ck_quantized_rows a, const uint8_t *b, size_t blocks,
                                                                  const tile_place *c) {
    switch (rows) {
        CK_TILE_CASE(avx512, 1) CK_TILE_CASE(avx512, 2) CK_TILE_CASE(avx512, 3) CK_TILE_CASE(avx512, 4)
    }
}

// MARK: AVX-512 VNNI

#define CK_VNNI_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,f16c")))

enum { vnni_rows_at_once = 7 };

CK_VNNI_TARGET __attribute__((always_inline)) static inline __m512i four(const int8_t *x) {
    return _mm512_set1_epi32(word_at(x));
}

CK_VNNI_TARGET __attribute__((always_inline)) static inline void vnni_rows(const int is_q8, const size_t rows,
                                                                               ck_quantized_rows a, const uint8_t *b,
                                                                               size_t blocks, const tile_place *c) {
    const int fetches = rows <= 4;
    __m512 s0[vnni_rows_at_once], s1[vnni_rows_at_once];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) s0[r] = s1[r] = _mm512_setzero_ps();
    const __m512i low = _mm512_set1_epi8(15);
    for (size_t i = 0; i < blocks; i++) {
        __m512i d0[vnni_rows_at_once], d1[vnni_rows_at_once];
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) d0[r] = d1[r] = _mm512_set1_epi32(a.corrections[r * a.block_stride + i]);
        const uint8_t *w = b + columns * 2;
        const int8_t *x = a.values + i * block;
        if (is_q8) {
#pragma clang loop unroll(full)
            for (size_t group = 0; group < 8; group++, w += columns * 4) {
                if (fetches) __builtin_prefetch(w + fetched_ahead), __builtin_prefetch(w + fetched_ahead + 64);
                __m512i w0 = _mm512_loadu_si512(w), w1 = _mm512_loadu_si512(w + 64);
#pragma clang loop unroll(full)
                for (size_t r = 0; r < rows; r++) {
                    __m512i v = four(x + r * a.stride + group * 4);
                    d0[r] = _mm512_dpbusd_epi32(d0[r], w0, v);
                    d1[r] = _mm512_dpbusd_epi32(d1[r], w1, v);
                }
            }
        } else {
#pragma clang loop unroll(full)
            for (size_t group = 0; group < 4; group++, w += columns * 4) {
                if (fetches) __builtin_prefetch(w + fetched_ahead), __builtin_prefetch(w + fetched_ahead + 64);
                __m512i w0 = _mm512_loadu_si512(w), w1 = _mm512_loadu_si512(w + 64);
                __m512i l0 = _mm512_and_si512(w0, low), h0 = _mm512_and_si512(_mm512_srli_epi16(w0, 4), low);
                __m512i l1 = _mm512_and_si512(w1, low), h1 = _mm512_and_si512(_mm512_srli_epi16(w1, 4), low);
#pragma clang loop unroll(full)
                for (size_t r = 0; r < rows; r++) {
                    __m512i v = four(x + r * a.stride + group * 4), u = four(x + r * a.stride + 16 + group * 4);
                    d0[r] = _mm512_dpbusd_epi32(d0[r], l0, v);
                    d1[r] = _mm512_dpbusd_epi32(d1[r], l1, v);
                    d0[r] = _mm512_dpbusd_epi32(d0[r], h0, u);
                    d1[r] = _mm512_dpbusd_epi32(d1[r], h1, u);
                }
            }
        }
        __m512 e0 = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)b));
        __m512 e1 = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(b + columns)));
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) {
            __m512 scale = _mm512_set1_ps(a.scales[r * a.block_stride + i]);
            s0[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(d0[r]), _mm512_mul_ps(e0, scale), s0[r]);
            s1[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(d1[r]), _mm512_mul_ps(e1, scale), s1[r]);
        }
        b = w;
    }
    __mmask16 m0 = c->width >= 16 ? 0xffff : (__mmask16)((1u << c->width) - 1);
    __mmask16 m1 = c->width >= 32 ? 0xffff : c->width <= 16 ? 0 : (__mmask16)((1u << (c->width - 16)) - 1);
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) {
        if (c->before) {
            const float *before = c->before + r * c->before_stride;
            s0[r] = _mm512_add_ps(_mm512_maskz_loadu_ps(m0, before), s0[r]);
            s1[r] = _mm512_add_ps(_mm512_maskz_loadu_ps(m1, before + 16), s1[r]);
        }
        _mm512_mask_storeu_ps(c->to + r * c->to_stride, m0, s0[r]);
        _mm512_mask_storeu_ps(c->to + r * c->to_stride + 16, m1, s1[r]);
    }
}

CK_VNNI_TARGET static void vnni_tile(ck_quantized_type type, size_t rows, ck_quantized_rows a, const uint8_t *b,
                                     size_t blocks, const tile_place *c) {
    switch (rows) {
        CK_TILE_CASE(vnni, 1) CK_TILE_CASE(vnni, 2) CK_TILE_CASE(vnni, 3) CK_TILE_CASE(vnni, 4)
        CK_TILE_CASE(vnni, 5) CK_TILE_CASE(vnni, 6) CK_TILE_CASE(vnni, 7)
    }
}

ck_integer_path ck_best_integer_path(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4"))
        return __builtin_cpu_supports("avx512vnni") ? ck_integer_vnni : ck_integer_avx512;
    return __builtin_cpu_supports("x86-64-v3") ? ck_integer_avx2 : ck_integer_plain;
}

static integer_kernel kernel(ck_integer_path path) {
    switch (path) {
        case ck_integer_vnni: return (integer_kernel){vnni_tile, vnni_rows_at_once};
        case ck_integer_avx512: return (integer_kernel){avx512_tile, avx512_rows_at_once};
        case ck_integer_avx2: return (integer_kernel){avx2_tile, avx2_rows_at_once};
        default: return (integer_kernel){plain_tile, plain_rows_at_once};
    }
}

#else

ck_integer_path ck_best_integer_path(void) { return ck_integer_plain; }
static integer_kernel kernel(ck_integer_path path) { return (integer_kernel){plain_tile, plain_rows_at_once}; }

#endif

// MARK: The loops around a tile

void ck_quantized_product(ck_integer_path path, ck_quantized_type type, size_t m, size_t n, size_t k,
                          ck_quantized_rows a, const uint8_t *b, size_t b_step, const float *before,
                          size_t before_stride, float *c, size_t c_stride) {
    integer_kernel kern = kernel(path);
    for (size_t j = 0; j < n; j += columns, b += b_step)
        // Tiles of about the same height.
        for (size_t i = 0, rows, tiles = (m + kern.rows - 1) / kern.rows; i < m; i += rows, tiles--) {
            rows = (m - i + tiles - 1) / tiles;
            tile_place place = {before ? before + i * before_stride + j : 0, before_stride, c + i * c_stride + j,
                                c_stride, n - j < columns ? n - j : columns};
            kern.tile(type, rows, rows_from(a, i), b, k / block, &place);
        }
}
