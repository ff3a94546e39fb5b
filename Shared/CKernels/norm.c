// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#include "CKernels.h"
#include "multiversion.h"

#include <math.h>

CK_MULTIVERSION
void ck_rms_norm(const float *restrict x, const float *restrict weight, float *restrict y, float *restrict inverse,
                 size_t rows, size_t width, float epsilon) {
#pragma clang fp reassociate(on) contract(fast)
    for (size_t r = 0; r < rows; r++) {
        const float *xr = x + r * width;
        float *yr = y + r * width;
        float sum = 0;
#pragma clang loop vectorize(enable) interleave_count(4)
        for (size_t i = 0; i < width; i++) sum += xr[i] * xr[i];
        float scale = (float)(1.0 / sqrt((double)sum / (double)width + (double)epsilon));
        inverse[r] = scale;
        for (size_t i = 0; i < width; i++) yr[i] = xr[i] * scale * weight[i];
    }
}

CK_MULTIVERSION
void ck_rms_norm_backward(const float *restrict x, const float *restrict weight, const float *restrict inverse,
                          const float *restrict dy, float *restrict dx, float *restrict dweight, size_t rows,
                          size_t width) {
#pragma clang fp reassociate(on) contract(fast)
    for (size_t r = 0; r < rows; r++) {
        const float *xr = x + r * width, *dyr = dy + r * width;
        float *dxr = dx + r * width;
        float scale = inverse[r], sum = 0;
#pragma clang loop vectorize(enable) interleave_count(4)
        for (size_t i = 0; i < width; i++) sum += dyr[i] * weight[i] * xr[i];
        float back = (float)((double)sum * scale * scale * scale / (double)width);
        for (size_t i = 0; i < width; i++) dxr[i] += scale * weight[i] * dyr[i] - back * xr[i];
        if (dweight)
            for (size_t i = 0; i < width; i++) dweight[i] += dyr[i] * xr[i] * scale;
    }
}
