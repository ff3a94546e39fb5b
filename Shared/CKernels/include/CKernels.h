// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "ServingKernels.h"

// The inner loops BLAS has no name for. All are single-threaded, allocate nothing and keep no state; the caller
// splits rows over its threads. Arrays are float32, rows contiguous; `…_stride` counts floats between rows.
// Every kernel is compiled for x86-64-v4, v3 and the baseline, and the loader picks one. `ck_reference_…` are the
// same formulas as plain loops in double precision, for tests.

/// Coefficients of one AdamW step, already combined in double precision and rounded once.
typedef struct {
    float gradient_scale;      ///< Multiplies the gradient first: the clipping coefficient.
    float decay_factor;        ///< 1 - learning rate * weight decay.
    float one_minus_beta1;
    float beta2;
    float one_minus_beta2;
    float step_size;           ///< learning rate / (1 - beta1^t).
    float bias2_square_root;   ///< sqrt(1 - beta2^t).
    float epsilon;
} ck_adamw_coefficients;

/// y = x * inverse * weight with inverse = 1 / sqrt(mean(x^2) + epsilon), one value a row kept in `inverse`.
void ck_rms_norm(const float *x, const float *weight, float *y, float *inverse, size_t rows, size_t width,
                 float epsilon);

/// Adds the gradient of x to `dx` and that of the weight to `dweight` (which may be null).
void ck_rms_norm_backward(const float *x, const float *weight, const float *inverse, const float *dy, float *dx,
                          float *dweight, size_t rows, size_t width);

/// Rotates element i with i + half of every head of every row by that row's angle; `sign` -1 undoes it.
void ck_rope(float *x, size_t x_stride, const float *cosine, const float *sine, size_t rows, size_t heads,
             size_t half, float sign);

/// y = silu(gate) * up.
void ck_swiglu(const float *gate, const float *up, float *y, size_t n);

/// Gradients of gate and up from dy; `dgate` and `dup` may not overlap the inputs.
void ck_swiglu_backward(const float *gate, const float *up, const float *dy, float *dgate, float *dup, size_t n);

/// Softmax of x[0..<n] in place.
void ck_softmax(float *x, size_t n);

/// ds = p * (dp - sum(p * dp)) of one row, written over dp.
void ck_softmax_backward(const float *p, float *dp, size_t n);

/// Negative log-likelihood of `target` under softmax(logits); if `scale` is not 0 the row becomes
/// scale * (softmax - onehot(target)).
double ck_cross_entropy(float *logits, size_t n, size_t target, float scale);

/// The index of the largest element, the first of equals.
size_t ck_argmax(const float *x, size_t n);

/// Natural logarithm of the sum of exponentials.
double ck_log_sum_exp(const float *x, size_t n);

/// One AdamW step (decoupled decay) on n elements, in PyTorch's order of operations.
void ck_adamw(float *parameter, const float *gradient, float *first, float *second, size_t n,
              ck_adamw_coefficients c);

/// y += a * x.
void ck_axpy(float a, const float *x, float *y, size_t n);

/// x *= a.
void ck_scale(float a, float *x, size_t n);

/// y = x where the counter-based generator keeps the element, scaled by 1 / (1 - p), else 0.
/// Element i of the stream `key` is dropped when its 32 random bits are below `threshold` (p * 2^32).
void ck_dropout(const float *x, float *y, size_t n, uint64_t key, uint64_t first, uint32_t threshold, float scale);

float ck_dot(const float *x, const float *y, size_t n);

/// Sum of squares in blocks, blocks added in double precision.
double ck_sum_of_squares(const float *x, size_t n);

/// y[r * y_stride + j] = x[r, :] · w[j, :] for r < rows <= 8 and j < columns: few rows against a matrix read once.
void ck_few_rows(const float *x, size_t x_stride, const float *w, size_t w_stride, float *y, size_t y_stride,
                 size_t rows, size_t columns, size_t depth, int accumulate);

/// Widening conversions; the sources may be unaligned.
void ck_from_bfloat16(const uint16_t *x, float *y, size_t n);
void ck_from_float16(const uint16_t *x, float *y, size_t n);
/// Rounding to nearest, ties to even; NaN stays NaN.
void ck_to_bfloat16(const float *x, uint16_t *y, size_t n);
void ck_to_float16(const float *x, uint16_t *y, size_t n);

// bfloat16 products. Each element of C is defined to the bit, whatever the machine and however the caller splits C:
// the depth is cut into blocks of CK_DEPTH_BLOCK; a block's sum starts at 0 and takes one pair (2i, 2i + 1) after the
// other as VDPBF16PS does, s = fma(a[2i+1], b[2i+1], s), then s = fma(a[2i], b[2i], s), each rounded to nearest even,
// denormal operands and results being zeros; blocks are added to C in order in ordinary float32.

enum { CK_PANEL_COLUMNS = 32, CK_PANEL_ROWS = 14, CK_DEPTH_BLOCK = 384 };

/// What computes the products: all give the same bits.
typedef enum { ck_path_plain = 0, ck_path_avx2 = 1, ck_path_avx512 = 2, ck_path_avx512_bf16 = 3 } ck_product_path;

/// The fastest this processor has.
ck_product_path ck_best_product_path(void);

/// Elements of one panel of 32 columns of B, and of 14 rows of A, of this depth.
size_t ck_panel_size(size_t depth);
size_t ck_left_panel_size(size_t depth);

/// A [m, k] · B [k, n].
typedef struct {
    const uint16_t *a;   ///< Row-major, or packed in panels of 14 rows.
    size_t a_step;       ///< Elements from row to row, or from panel to panel.
    int a_is_packed;
    const uint16_t *b;   ///< In panels of 32 columns, or row-major: then packed as it is used, for few rows of A
                         ///< and sums that are not rounded.
    size_t b_step;       ///< Elements from panel to panel, or from row to row.
    int b_is_rows;
    size_t k;            ///< May be less than the depth that was packed.
} ck_bf16_term;

/// Where a sum of products goes; `stride` is of every row of `sums`, or of every row of the bfloat16 matrices.
typedef struct {
    float *sums;                          ///< The sums, or null where they are rounded.
    const float *before;                  ///< What the first block is added to, or null; may be `sums` itself.
    size_t stride, before_stride;
    uint16_t *rounded;                    ///< The sums rounded, or the gradient of `gate`.
    const uint16_t *gate, *up;            ///< If not null, the sums are the gradient of silu(gate) * up.
    size_t gate_stride;
    uint16_t *rounded_up;                 ///< The gradient of `up`.
    uint16_t *activated;                  ///< If not null, silu(gate) * up goes here, which costs little beside them.
    size_t activated_stride;
} ck_bf16_result;

/// The sum of products of the same m and n: the blocks of all terms in order.
void ck_bf16_sum_of_products(ck_product_path path, size_t m, size_t n, const ck_bf16_term *terms, size_t count,
                             const ck_bf16_result *result);

/// C [m, n] = A [m, k] · B [k, n] for B in panels, added to C if `accumulate`.
static inline void ck_bf16_product(ck_product_path path, size_t m, size_t n, size_t k, const uint16_t *a,
                                   size_t a_step, int a_is_packed, const uint16_t *b, size_t b_panel, float *c,
                                   size_t c_stride, int accumulate) {
    ck_bf16_term term = {a, a_step, a_is_packed, b, b_panel, 0, k};
    ck_bf16_result result = {c, accumulate ? c : 0, c_stride, c_stride, 0, 0, 0, 0, 0, 0, 0};
    ck_bf16_sum_of_products(path, m, n, &term, 1, &result);
}

/// C [m, n] = A [m, k] · B for row-major A and B in panels, added to `before` unless null: for up to CK_FEW_ROWS rows as
/// fast as memory gives B.
void ck_bf16_few_rows(ck_product_path path, size_t m, size_t n, size_t k, const uint16_t *a, size_t a_stride,
                      const uint16_t *b, size_t b_step, const float *before, size_t before_stride, float *c,
                      size_t c_stride);

enum { CK_FEW_ROWS = 4 };

/// Packs panels first ..< last of B [k, n] from S [n, k] (`columns`: B = Sᵀ) or S [k, n] (`rows`: B = S), of `stride`
/// elements from row to row; the panel `first` goes to `to`. Missing columns and rows are zeros.
void ck_pack_columns_f32(const float *source, size_t stride, size_t k, size_t n, size_t first, size_t last,
                         uint16_t *to);
void ck_pack_columns_bf16(const uint16_t *source, size_t stride, size_t k, size_t n, size_t first, size_t last,
                          uint16_t *to);
void ck_pack_rows_f32(const float *source, size_t stride, size_t k, size_t n, size_t first, size_t last, uint16_t *to);
void ck_pack_rows_bf16(const uint16_t *source, size_t stride, size_t k, size_t n, size_t first, size_t last,
                       uint16_t *to);
/// Packs rows first ..< last of W [outputs, inputs] (`first` a multiple of 32) for both directions, reading them from
/// memory once and leaving nothing in the cache: into the panels of B = Wᵀ and of B = W, aligned to 64 bytes.
void ck_pack_both_f32(const float *source, size_t outputs, size_t inputs, size_t first, size_t last,
                      uint16_t *transposed, uint16_t *straight);
/// Packs panels of A [m, k] = Sᵀ from S [k, m].
void ck_pack_left_bf16(const uint16_t *source, size_t stride, size_t k, size_t m, size_t first, size_t last,
                       uint16_t *to);
/// Packs all panels of A [m, k] from its own rows.
void ck_pack_left_rows_bf16(const uint16_t *source, size_t stride, size_t k, size_t m, uint16_t *to);

// The loops between the products where activations are kept in bfloat16. Rounding is to nearest even, denormals become
// zeros (as VCVTNEPS2BF16).

/// y = x.
void ck_narrow_rows(const float *x, size_t x_stride, uint16_t *y, size_t y_stride, size_t rows, size_t width);
void ck_widen_rows(const uint16_t *x, size_t x_stride, float *y, size_t y_stride, size_t rows, size_t width);

/// As `ck_rms_norm`.
void ck_rms_norm_bf16(const float *x, const float *weight, uint16_t *y, float *inverse, size_t rows, size_t width,
                      float epsilon);

/// y = x with the first `heads` heads of every row rotated as by `ck_rope`, the rest of the `width` columns as it is.
void ck_rope_bf16(const float *x, uint16_t *y, size_t stride, size_t width, const float *cosine, const float *sine,
                  size_t rows, size_t heads, size_t half, float sign);

/// y = silu(gate) * up.
void ck_swiglu_bf16(ck_product_path path, const uint16_t *gate, const uint16_t *up, uint16_t *y, size_t n);

/// Gradients of gate and up from dy; one stride for gate and up, one for their gradients. Unless null, silu(gate) * up
/// goes to `activated`, of a stride of its own: the bits of ck_swiglu_bf16.
void ck_swiglu_backward_bf16(ck_product_path path, const uint16_t *gate, const uint16_t *up, size_t stride,
                             const float *dy, size_t dy_stride, uint16_t *dgate, uint16_t *dup, size_t d_stride,
                             uint16_t *activated, size_t activated_stride, size_t rows, size_t width);

/// p = softmax(scale * x[0 ..< n]), zeros up to `padded`.
void ck_softmax_bf16(float *x, float scale, uint16_t *p, size_t n, size_t padded);

/// p = softmax(scale * x), ds = scale * p * (dp - sum(p * dp)); zeros up to `padded`. x and dp are overwritten.
void ck_softmax_backward_bf16(float *x, float *dp, float scale, uint16_t *p, uint16_t *ds, size_t n, size_t padded);

/// As `ck_cross_entropy`, the gradient into `gradient`; logits are overwritten.
double ck_cross_entropy_bf16(float *logits, size_t n, size_t target, float scale, uint16_t *gradient);

/// As `ck_dropout`, of bfloat16.
void ck_dropout_bf16(const uint16_t *x, uint16_t *y, size_t n, uint64_t key, uint64_t first, uint32_t threshold,
                     float scale);

/// Tells the processor that this thread spins.
static inline void ck_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/// 4, 3 or 1: the x86-64 level whose clones the loader picked; 0 elsewhere.
int ck_instruction_level(void);

/// Processors this process may run on.
int ck_processors(void);

/// Whether the processor has AVX512-BF16 dot products.
int ck_has_bfloat16_dot(void);

void ck_reference_rms_norm(const float *x, const float *weight, float *y, float *inverse, size_t rows, size_t width,
                           float epsilon);
void ck_reference_rms_norm_backward(const float *x, const float *weight, const float *dy, float *dx, float *dweight,
                                    size_t rows, size_t width, float epsilon);
void ck_reference_rope(float *x, size_t x_stride, const float *cosine, const float *sine, size_t rows, size_t heads,
                       size_t half, float sign);
void ck_reference_swiglu(const float *gate, const float *up, float *y, size_t n);
void ck_reference_swiglu_backward(const float *gate, const float *up, const float *dy, float *dgate, float *dup,
                                  size_t n);
void ck_reference_softmax(float *x, size_t n);
void ck_reference_softmax_backward(const float *p, float *dp, size_t n);
double ck_reference_cross_entropy(float *logits, size_t n, size_t target, float scale);
void ck_reference_adamw(float *parameter, const float *gradient, float *first, float *second, size_t n,
                        ck_adamw_coefficients c);
double ck_reference_dot(const float *x, const float *y, size_t n);
double ck_reference_sum_of_squares(const float *x, size_t n);
