// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// Products of quantised weights and quantised activations; ServingKernels.h states the arithmetic to the bit.

#pragma STDC FP_CONTRACT OFF

#include "CKernels.h"
#include "multiversion.h"

#include <string.h>

enum { columns = CK_PANEL_COLUMNS, block = CK_BLOCK };

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

#if defined(__x86_64__)

#include <immintrin.h>

// MARK: AVX-512 VNNI

#define CK_VNNI_TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,f16c")))

enum { vnni_rows = 7 };

CK_VNNI_TARGET __attribute__((always_inline)) static inline __m512i four(const int8_t *x) {
    int32_t word;
    memcpy(&word, x, sizeof word);
    return _mm512_set1_epi32(word);
}

CK_VNNI_TARGET __attribute__((always_inline)) static inline void vnni_tile_rows(const int is_q8, const size_t rows,
                                                                               ck_quantized_rows a, const uint8_t *b,
                                                                               size_t blocks, const tile_place *c) {
    enum { ahead = 2048 };
    __m512 s0[vnni_rows], s1[vnni_rows];
#pragma clang loop unroll(full)
    for (size_t r = 0; r < rows; r++) s0[r] = s1[r] = _mm512_setzero_ps();
    const __m512i low = _mm512_set1_epi8(15);
    for (size_t i = 0; i < blocks; i++) {
        __m512i d0[vnni_rows], d1[vnni_rows];
#pragma clang loop unroll(full)
        for (size_t r = 0; r < rows; r++) d0[r] = d1[r] = _mm512_set1_epi32(a.corrections[r * a.block_stride + i]);
        const uint8_t *w = b + columns * 2;
        const int8_t *x = a.values + i * block;
        if (is_q8) {
#pragma clang loop unroll(full)
            for (size_t group = 0; group < 8; group++, w += columns * 4) {
                if (rows == 1) __builtin_prefetch(w + ahead), __builtin_prefetch(w + ahead + 64);
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
                if (rows == 1) __builtin_prefetch(w + ahead), __builtin_prefetch(w + ahead + 64);
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
#define CK_CASE(N)                                                                                                     \
    case N:                                                                                                            \
        if (type == ck_q8_0) vnni_tile_rows(1, N, a, b, blocks, c);                                                    \
        else vnni_tile_rows(0, N, a, b, blocks, c);                                                                    \
        break;
    switch (rows) { CK_CASE(1) CK_CASE(2) CK_CASE(3) CK_CASE(4) CK_CASE(5) CK_CASE(6) CK_CASE(7) }
#undef CK_CASE
}

ck_integer_path ck_best_integer_path(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni") ? ck_integer_vnni
                                                                                       : ck_integer_plain;
}

static tile_kernel kernel(ck_integer_path path) { return path == ck_integer_vnni ? vnni_tile : plain_tile; }

#else

enum { vnni_rows = 7 };
ck_integer_path ck_best_integer_path(void) { return ck_integer_plain; }
static tile_kernel kernel(ck_integer_path path) { return plain_tile; }

#endif

// MARK: The loops around a tile

void ck_quantized_product(ck_integer_path path, ck_quantized_type type, size_t m, size_t n, size_t k,
                          ck_quantized_rows a, const uint8_t *b, size_t b_step, const float *before,
                          size_t before_stride, float *c, size_t c_stride) {
    tile_kernel tile = kernel(path);
    for (size_t j = 0; j < n; j += columns, b += b_step)
        // Tiles of about the same height.
        for (size_t i = 0, rows, tiles = (m + vnni_rows - 1) / vnni_rows; i < m; i += rows, tiles--) {
            rows = (m - i + tiles - 1) / tiles;
            tile_place place = {before ? before + i * before_stride + j : 0, before_stride, c + i * c_stride + j,
                                c_stride, n - j < columns ? n - j : columns};
            tile(type, rows, rows_from(a, i), b, k / block, &place);
        }
}
