// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// What the loops of a bfloat16 product (bfloat16_product.c) and its inner loops (bfloat16_strips.c) share.

#pragma once

#include "CKernels.h"

enum { columns = CK_PANEL_COLUMNS, rows_of_panel = CK_PANEL_ROWS };

/// Rows of A against one block of the depth: `row` and `pair` are steps in elements, `tile` the one from tile to tile;
/// `last` means that the depth is odd and its last element alone.
typedef struct {
    const uint16_t *at;
    size_t row, pair, tile, pairs;
    int last;
} left_rows;

/// Where rows x 32 go, of which the first `width` columns exist, and what is added first (null: nothing).
typedef struct {
    const float *before;
    size_t before_stride;
    float *to;
    uint16_t *rounded;   // If not null, the sums go here.
    size_t to_stride, width;
    // What comes after the panel, of which each tile fetches `share` bytes.
    const char *coming;
    size_t share;
    // What will be read or written in each row, here or by the next block: fetched, since memory is slower than sums.
    const char *fetched[5];
    size_t fetched_stride[5];
} strip_place;

/// One panel of B against `rows` rows of A, a tile of 14 after the other.
void ck_bf16_strip(ck_product_path path, size_t rows, const left_rows *a, const uint16_t *b, const strip_place *c);
