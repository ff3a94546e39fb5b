// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// The same formulas as plain loops in double precision: what tests compare the fast kernels with.

#include "CKernels.h"

#include <math.h>

void ck_reference_rms_norm(const float *x, const float *weight, float *y, float *inverse, size_t rows, size_t width,
                           float epsilon) {
    for (size_t r = 0; r < rows; r++) {
        double sum = 0;
        for (size_t i = 0; i < width; i++) sum += (double)x[r * width + i] * x[r * width + i];
        double scale = 1.0 / sqrt(sum / (double)width + epsilon);
        inverse[r] = (float)scale;
        for (size_t i = 0; i < width; i++) y[r * width + i] = (float)(x[r * width + i] * scale * weight[i]);
    }
}

void ck_reference_rms_norm_backward(const float *x, const float *weight, const float *dy, float *dx, float *dweight,
                                    size_t rows, size_t width, float epsilon) {
    for (size_t i = 0; i < width; i++) {
        double sum = 0;
        for (size_t r = 0; r < rows; r++) {
            double squares = 0;
            for (size_t j = 0; j < width; j++) squares += (double)x[r * width + j] * x[r * width + j];
            sum += dy[r * width + i] * (double)x[r * width + i] / sqrt(squares / (double)width + epsilon);
        }
        dweight[i] += (float)sum;
    }
    for (size_t r = 0; r < rows; r++) {
        double squares = 0, product = 0;
        for (size_t i = 0; i < width; i++) {
            squares += (double)x[r * width + i] * x[r * width + i];
            product += (double)dy[r * width + i] * weight[i] * x[r * width + i];
        }
        double scale = 1.0 / sqrt(squares / (double)width + epsilon);
        for (size_t i = 0; i < width; i++)
            dx[r * width + i] += (float)(scale * weight[i] * dy[r * width + i]
                                         - scale * scale * scale / (double)width * product * x[r * width + i]);
    }
}

void ck_reference_rope(float *x, size_t x_stride, const float *cosine, const float *sine, size_t rows, size_t heads,
                       size_t half, float sign) {
    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < heads; h++)
            for (size_t i = 0; i < half; i++) {
                float *pair = x + r * x_stride + h * 2 * half + i;
                double first = pair[0], second = pair[half];
                double c = cosine[r * half + i], s = (double)sine[r * half + i] * sign;
                pair[0] = (float)(first * c - second * s);
                pair[half] = (float)(second * c + first * s);
            }
}

void ck_reference_swiglu(const float *gate, const float *up, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = (float)((double)gate[i] / (1.0 + exp(-(double)gate[i])) * up[i]);
}

void ck_reference_swiglu_backward(const float *gate, const float *up, const float *dy, float *dgate, float *dup,
                                  size_t n) {
    for (size_t i = 0; i < n; i++) {
        double g = gate[i], s = 1.0 / (1.0 + exp(-g));
        dgate[i] = (float)(dy[i] * (double)up[i] * (s + g * s * (1.0 - s)));
        dup[i] = (float)(dy[i] * g * s);
    }
}

void ck_reference_softmax(float *x, size_t n) {
    double most = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, x[i]);
    for (size_t i = 0; i < n; i++) sum += exp(x[i] - most);
    for (size_t i = 0; i < n; i++) x[i] = (float)(exp(x[i] - most) / sum);
}

void ck_reference_softmax_backward(const float *p, float *dp, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)p[i] * dp[i];
    for (size_t i = 0; i < n; i++) dp[i] = (float)(p[i] * (dp[i] - sum));
}

double ck_reference_cross_entropy(float *logits, size_t n, size_t target, float scale) {
    double most = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, logits[i]);
    for (size_t i = 0; i < n; i++) sum += exp(logits[i] - most);
    double loss = log(sum) + most - logits[target];
    if (scale != 0)
        for (size_t i = 0; i < n; i++)
            logits[i] = (float)(scale * (exp(logits[i] - most) / sum - (i == target ? 1.0 : 0.0)));
    return loss;
}

void ck_reference_adamw(float *parameter, const float *gradient, float *first, float *second, size_t n,
                        ck_adamw_coefficients c) {
    for (size_t i = 0; i < n; i++) {
        double g = (double)gradient[i] * c.gradient_scale;
        double m = first[i] + c.one_minus_beta1 * (g - first[i]);
        double v = (double)second[i] * c.beta2 + c.one_minus_beta2 * g * g;
        first[i] = (float)m;
        second[i] = (float)v;
        parameter[i] = (float)((double)parameter[i] * c.decay_factor
                               - c.step_size * m / (sqrt(v) / c.bias2_square_root + c.epsilon));
    }
}

double ck_reference_dot(const float *x, const float *y, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * y[i];
    return sum;
}

double ck_reference_sum_of_squares(const float *x, size_t n) { return ck_reference_dot(x, x, n); }
