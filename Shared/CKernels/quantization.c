// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// GGUF's blocks, and the panels they are repacked to; ServingKernels.h states both.

#pragma STDC FP_CONTRACT OFF

#include "CKernels.h"
#include "multiversion.h"

#include <math.h>
#include <string.h>

enum { columns = CK_PANEL_COLUMNS, block = CK_BLOCK };

CK_INLINE void store_half(uint8_t *at, float x) {
    _Float16 half = (_Float16)x;
    memcpy(at, &half, 2);
}

CK_INLINE float load_half(const uint8_t *at) {
    _Float16 half;
    memcpy(&half, at, 2);
    return (float)half;
}

/// The largest magnitude of a block; NaN where one element is no finite number. As integers, magnitudes are in order.
CK_INLINE float largest_magnitude(const float *x) {
    uint32_t most = 0;
    for (size_t i = 0; i < block; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, 4);
        bits &= 0x7fffffffu;
        most = bits > most ? bits : most;
    }
    float largest;
    memcpy(&largest, &most, 4);
    return most >= 0x7f800000u ? NAN : largest;
}

CK_MULTIVERSION
void ck_quantize_q8_0(const float *x, uint8_t *blocks, size_t n) {
    for (; n >= block; n -= block, x += block, blocks += CK_Q8_0_BYTES) {
        float d = largest_magnitude(x) / 127, inverse = d != 0 ? 1 / d : 0;
        store_half(blocks, d);
        if (isnan(d)) {
            memset(blocks + 2, 0, block);
            continue;
        }
        for (size_t i = 0; i < block; i++) ((int8_t *)blocks)[2 + i] = (int8_t)roundf(x[i] * inverse);
    }
}

CK_MULTIVERSION
void ck_quantize_q4_0(const float *x, uint8_t *blocks, size_t n) {
    for (; n >= block; n -= block, x += block, blocks += CK_Q4_0_BYTES) {
        float most = 0, signed_most = 0;
        for (size_t i = 0; i < block; i++)
            if (fabsf(x[i]) > most) most = fabsf(x[i]), signed_most = x[i];
        float d = isnan(largest_magnitude(x)) ? NAN : signed_most / -8, inverse = d != 0 ? 1 / d : 0;
        store_half(blocks, d);
        if (isnan(d)) {
            memset(blocks + 2, 0x88, block / 2);
            continue;
        }
        for (size_t i = 0; i < block / 2; i++) {
            int low = (int8_t)(x[i] * inverse + 8.5f), high = (int8_t)(x[i + block / 2] * inverse + 8.5f);
            blocks[2 + i] = (uint8_t)((low < 15 ? low : 15) | (high < 15 ? high : 15) << 4);
        }
    }
}

CK_MULTIVERSION
void ck_dequantize_q8_0(const uint8_t *blocks, float *x, size_t n) {
    for (; n >= block; n -= block, x += block, blocks += CK_Q8_0_BYTES) {
        float d = load_half(blocks);
        for (size_t i = 0; i < block; i++) x[i] = (float)((const int8_t *)blocks)[2 + i] * d;
    }
}

CK_MULTIVERSION
void ck_dequantize_q4_0(const uint8_t *blocks, float *x, size_t n) {
    for (; n >= block; n -= block, x += block, blocks += CK_Q4_0_BYTES) {
        float d = load_half(blocks);
        for (size_t i = 0; i < block / 2; i++) {
            x[i] = (float)((blocks[2 + i] & 15) - 8) * d;
            x[i + block / 2] = (float)((blocks[2 + i] >> 4) - 8) * d;
        }
    }
}

CK_MULTIVERSION
void ck_quantize_activations(const float *x, size_t k, ck_quantized_type type, int8_t *values, float *scales,
                             int32_t *corrections) {
    int32_t offset = type == ck_q8_0 ? -128 : -8;
    for (size_t b = 0; b < k / block; b++, x += block, values += block) {
        float largest = largest_magnitude(x);
        if (isnan(largest)) {
            memset(values, 0, block);
            scales[b] = NAN;
            corrections[b] = 0;
            continue;
        }
        float scale = largest / 127, inverse = scale >= 1.17549435e-38f ? 1 / scale : 0;
        int32_t sum = 0;
        for (size_t i = 0; i < block; i++) {
            // Adding 1.5 · 2^23 rounds to the nearest integer, ties to even.
            float shifted = x[i] * inverse + 12582912.0f;
            int32_t bits;
            memcpy(&bits, &shifted, 4);
            int32_t value = bits - 0x4b400000;
            values[i] = (int8_t)value;
            sum += value;
        }
        scales[b] = scale;
        corrections[b] = offset * sum;
    }
}

// MARK: Panels

static void q8_block(const uint8_t *const rows[columns], size_t b, uint8_t *to) {
    for (size_t j = 0; j < columns; j++) {
        const uint8_t *from = rows[j] ? rows[j] + b * CK_Q8_0_BYTES : 0;
        if (from) memcpy(to + j * 2, from, 2);
        else memset(to + j * 2, 0, 2);
        for (size_t group = 0; group < 8; group++)
            for (size_t e = 0; e < 4; e++)
                to[columns * 2 + (group * columns + j) * 4 + e] = from ? from[2 + group * 4 + e] ^ 0x80 : 0x80;
    }
}

static void q4_block(const uint8_t *const rows[columns], size_t b, uint8_t *to) {
    for (size_t j = 0; j < columns; j++) {
        const uint8_t *from = rows[j] ? rows[j] + b * CK_Q4_0_BYTES : 0;
        if (from) memcpy(to + j * 2, from, 2);
        else memset(to + j * 2, 0, 2);
        // Bytes of a GGUF block pair element i with 16 + i, and so do those of a panel.
        for (size_t group = 0; group < 4; group++)
            for (size_t e = 0; e < 4; e++)
                to[columns * 2 + (group * columns + j) * 4 + e] = from ? from[2 + group * 4 + e] : 0x88;
    }
}

void ck_pack_blocks(ck_quantized_type type, const uint8_t *const rows[columns], size_t k, uint8_t *panel) {
    for (size_t b = 0; b < k / block; b++)
        if (type == ck_q8_0) q8_block(rows, b, panel + b * CK_Q8_PANEL_BLOCK);
        else q4_block(rows, b, panel + b * CK_Q4_PANEL_BLOCK);
}

void ck_unpack_blocks(ck_quantized_type type, const uint8_t *panel, size_t column, size_t k, uint8_t *blocks) {
    size_t groups = type == ck_q8_0 ? 8 : 4;
    for (size_t b = 0; b < k / block; b++) {
        memcpy(blocks, panel + column * 2, 2);
        for (size_t group = 0; group < groups; group++)
            for (size_t e = 0; e < 4; e++) {
                uint8_t byte = panel[columns * 2 + (group * columns + column) * 4 + e];
                blocks[2 + group * 4 + e] = type == ck_q8_0 ? byte ^ 0x80 : byte;
            }
        panel += type == ck_q8_0 ? CK_Q8_PANEL_BLOCK : CK_Q4_PANEL_BLOCK;
        blocks += type == ck_q8_0 ? CK_Q8_0_BYTES : CK_Q4_0_BYTES;
    }
}

void ck_pack_f32(const float *const rows[columns], size_t k, float *panel) {
    enum { stretch = 16 };
    for (size_t i0 = 0; i0 < k; i0 += stretch) {
        size_t i1 = k - i0 < stretch ? k : i0 + stretch;
        for (size_t j = 0; j < columns; j++)
            for (size_t i = i0; i < i1; i++) panel[i * columns + j] = rows[j] ? rows[j][i] : 0;
    }
}
