// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stddef.h>
#include <stdint.h>

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
