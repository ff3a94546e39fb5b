// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stddef.h>
#include <stdint.h>

// What answering with a model needs beside CKernels.h. Each function is defined to the bit: the result is the same on
// every processor, however the caller splits rows and columns, and a row's result does not depend on other rows.

// MARK: float32 products
//
// An element is one chain over the depth: s = 0, then s = fma(a[i], b[i], s) for i = 0, 1, …; then before + s if there
// is a `before`. B lies in panels of 32 columns (CK_PANEL_COLUMNS): [panel][depth][32], missing columns zeros.

/// What computes float32 products: all give the same bits. Plain, AVX2 with FMA, AVX-512.
typedef enum { ck_float_plain = 0, ck_float_avx2 = 1, ck_float_avx512 = 2 } ck_float_path;

/// The fastest this processor has.
ck_float_path ck_best_float_path(void);

/// C [m, n] = A [m, k] · B, added to `before` unless null. `b_step` counts floats from panel to panel.
void ck_f32_product(ck_float_path path, size_t m, size_t n, size_t k, const float *a, size_t a_stride, const float *b,
                    size_t b_step, const float *before, size_t before_stride, float *c, size_t c_stride);

// Keys and values of attention lie in pages of 32 tokens, as float32 or, if `is_half`, as float16 that is widened as it
// is read. Of one head a page holds the keys [width][32 tokens] and, at another offset, the values in panels of 32
// columns, [width / 32, rounded up][32 tokens][32]. Offsets count elements.

enum { CK_PAGE_TOKENS = 32 };

/// scores [rows, 32 · pages] = Q [rows, width] · Kᵀ for the keys of pages.
void ck_paged_scores(ck_float_path path, int is_half, size_t rows, size_t width, const float *q, size_t q_stride,
                     const void *const *pages, size_t count, size_t offset, float *scores, size_t scores_stride);

/// mixed [rows, width] = P [rows, 32 · pages] · V for the values of pages, one chain over all positions.
void ck_paged_mix(ck_float_path path, int is_half, size_t rows, size_t width, const float *p, size_t p_stride,
                  const void *const *pages, size_t count, size_t offset, float *mixed, size_t mixed_stride);

/// Puts the key and the value of a head [width] in the place `token` of a page. float16 is rounded to nearest, finite
/// numbers beyond its range to its largest.
void ck_paged_append(int is_half, size_t width, const float *key, const float *value, void *page, size_t keys,
                     size_t values, size_t token);

// MARK: Quantised products
//
// Weights are Q8_0 or Q4_0: blocks of 32 along the depth, each with a float16 scale d. A row of activations is
// quantised by `ck_quantize_activations`: blocks of 32 int8 with a float32 scale e. An element is
// s = 0, then s = fma(float(dot), d * e, s) block by block, dot being the exact sum of 32 products of integers; then
// before + s if there is a `before`.
//
// A panel of 32 columns is [block][32 float16 scales, then the weights without sign]: Q8_0 as w + 128, 8 times 32
// columns of 4 neighbouring depths; Q4_0 as w + 8, 4 times 32 columns, the low halves of the bytes being depths 4j …
// 4j + 3, the high ones 16 + 4j ….

enum { CK_BLOCK = 32, CK_Q8_PANEL_BLOCK = 1088, CK_Q4_PANEL_BLOCK = 576 };

typedef enum { ck_q8_0 = 8, ck_q4_0 = 4 } ck_quantized_type;

/// What computes quantised products: all give the same bits. Plain (compiled for each level), AVX2, AVX-512, AVX-512 with
/// VNNI.
typedef enum {
    ck_integer_plain = 0,
    ck_integer_avx2 = 1,
    ck_integer_avx512 = 2,
    ck_integer_vnni = 3
} ck_integer_path;

/// The fastest this processor has.
ck_integer_path ck_best_integer_path(void);

/// Rows of quantised activations: `stride` int8 and `block_stride` scales from row to row. `corrections` are
/// −128 · (sum of the block) for Q8_0 weights, −8 · sum for Q4_0: what the weights' lost sign adds.
typedef struct {
    const int8_t *values;
    const float *scales;
    const int32_t *corrections;
    size_t stride, block_stride;
} ck_quantized_rows;

/// Quantises x [k] (k a multiple of 32): e = largest magnitude / 127, value = x / e to the nearest, ties to even.
/// A block with an infinity or NaN becomes zeros with the scale NaN.
void ck_quantize_activations(const float *x, size_t k, ck_quantized_type type, int8_t *values, float *scales,
                             int32_t *corrections);

/// C [m, n] = A [m, k] · B, added to `before` unless null; `b_step` counts bytes from panel to panel.
void ck_quantized_product(ck_integer_path path, ck_quantized_type type, size_t m, size_t n, size_t k,
                          ck_quantized_rows a, const uint8_t *b, size_t b_step, const float *before,
                          size_t before_stride, float *c, size_t c_stride);

// MARK: GGUF blocks, row-major
//
// Q8_0: float16 scale, 32 int8. Q4_0: float16 scale, 16 bytes: low halves are elements 0 … 15 plus 8, high ones 16 … 31.

enum { CK_Q8_0_BYTES = 34, CK_Q4_0_BYTES = 18 };

/// Quantises n (a multiple of 32) floats as ggml's reference does: halves away from zero.
void ck_quantize_q8_0(const float *x, uint8_t *blocks, size_t n);
void ck_quantize_q4_0(const float *x, uint8_t *blocks, size_t n);
/// The floats that blocks stand for.
void ck_dequantize_q8_0(const uint8_t *blocks, float *x, size_t n);
void ck_dequantize_q4_0(const uint8_t *blocks, float *x, size_t n);

/// One panel of 32 columns from rows of blocks; a null row is a column of zeros.
void ck_pack_blocks(ck_quantized_type type, const uint8_t *const rows[32], size_t k, uint8_t *panel);
/// One panel of 32 columns from rows of floats; a null row is a column of zeros.
void ck_pack_f32(const float *const rows[32], size_t k, float *panel);
/// The row of blocks of one column of a panel, as it was packed.
void ck_unpack_blocks(ck_quantized_type type, const uint8_t *panel, size_t column, size_t k, uint8_t *blocks);

// MARK: Between the products

/// y = x * inverse * weight, inverse = 1 / sqrt(mean(x^2) + epsilon), of one row.
void ck_serving_norm(const float *x, const float *weight, float *y, size_t width, float epsilon);

/// Rotates element i with i + half of every one of `heads` heads that lie side by side.
void ck_serving_rope(float *x, const float *cosine, const float *sine, size_t heads, size_t half);

/// x = softmax(scale * x) over first ..< n of a row, zeros before and from n up to `padded`.
void ck_serving_softmax(float *x, float scale, size_t first, size_t n, size_t padded);

/// y = silu(gate) * up for 32 of gate, then 32 of up, then the next 32 of gate …
void ck_serving_swiglu(const float *gate_up, float *y, size_t n);

/// x *= a.
void ck_serving_scale(float a, float *x, size_t n);
/// y = x rounded to bfloat16, denormals to zero.
void ck_serving_narrow(const float *x, uint16_t *y, size_t n);

// MARK: The machine

/// Asks for `bytes` at `at` to be in the second-level cache soon.
static inline void ck_fetch(const void *at, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)at + i, 0, 2);
}

/// Reads `bytes` at `at` and returns a sum that depends on all: what a bench calls the speed of memory.
uint64_t ck_read_bytes(const void *at, size_t bytes);
