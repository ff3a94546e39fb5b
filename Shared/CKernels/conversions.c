// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#include "CKernels.h"
#include "multiversion.h"

#include <string.h>

// Sources may lie unaligned in a mapped file, so elements are moved with memcpy, which compiles to plain loads.

CK_INLINE uint16_t load16(const uint16_t *p) {
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

CK_MULTIVERSION
void ck_from_bfloat16(const uint16_t *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)load16(x + i) << 16;
        memcpy(y + i, &bits, sizeof bits);
    }
}

CK_MULTIVERSION
void ck_from_float16(const uint16_t *x, float *y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint16_t bits = load16(x + i);
        _Float16 half;
        memcpy(&half, &bits, sizeof half);
        y[i] = (float)half;
    }
}

CK_MULTIVERSION
void ck_to_bfloat16(const float *x, uint16_t *y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
        y[i] = (bits & 0x7fffffffu) > 0x7f800000u ? (uint16_t)((bits >> 16) | 0x40u) : (uint16_t)rounded;
    }
}

CK_MULTIVERSION
void ck_to_float16(const float *x, uint16_t *y, size_t n) {
    for (size_t i = 0; i < n; i++) {
        _Float16 half = (_Float16)x[i];
        memcpy(y + i, &half, sizeof half);
    }
}
