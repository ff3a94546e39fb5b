// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#pragma once

#include "multiversion.h"

#include <stdint.h>
#include <string.h>

/// Rounds to nearest, ties to even, as VCVTNEPS2BF16 does: denormals become zeros, NaN stays NaN.
CK_INLINE uint16_t ck_narrow(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    uint32_t nan = (bits >> 16) | 0x40u;
    uint32_t magnitude = bits & 0x7fffffffu;
    uint32_t result = magnitude > 0x7f800000u ? nan : rounded;
    return (uint16_t)(magnitude < 0x00800000u ? (bits >> 16) & 0x8000u : result);
}

CK_INLINE float ck_widen(uint16_t x) {
    uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
