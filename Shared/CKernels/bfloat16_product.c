// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// C (+)= A · B for bfloat16 operands and float32 sums; CKernels.h states the arithmetic to the bit.

#include "bfloat16_strips.h"
#include "bfloat16.h"

enum {
    depth_block = CK_DEPTH_BLOCK,
    // Of A in the second-level cache, beside a panel of B and a strip of C.
    left_elements = 350 << 9,
    room_elements = left_elements + (16 << 10),
    strip_rows = 448,
    most_blocks = 4,
    // Panels packed together where B is row-major: a row of them is several cache lines.
    panels_together = 4,
};

// MARK: The loops around a tile

/// What is multiplied in one block of the depth: `term` from `k0` on.
typedef struct {
    const ck_bf16_term *term;
    size_t k0, depth;
} depth_block_at;

static depth_block_at block_at(const ck_bf16_term *terms, size_t index) {
    for (;; terms++) {
        size_t blocks = (terms->k + depth_block - 1) / depth_block;
        if (index < blocks) {
            size_t k0 = index * depth_block;
            return (depth_block_at){terms, k0, terms->k - k0 < depth_block ? terms->k - k0 : depth_block};
        }
        index -= blocks;
    }
}

static left_rows left_at(depth_block_at block, size_t row) {
    const ck_bf16_term *t = block.term;
    if (t->a_is_packed)   // an odd depth is padded with a zero
        return (left_rows){t->a + row / rows_of_panel * t->a_step + block.k0 * rows_of_panel, 2, 2 * rows_of_panel,
                           t->a_step, (block.depth + 1) / 2, 0};
    return (left_rows){t->a + row * t->a_step + block.k0, t->a_step, 2, rows_of_panel * t->a_step, block.depth / 2,
                       (int)(block.depth & 1)};
}

/// Rows of A, `depth` long, that stay in the second-level cache while the panels of B pass by: whole tiles, of about
/// the same number each time.
static size_t rows_at_once(size_t m, size_t depth) {
    size_t most = left_elements / depth / rows_of_panel * rows_of_panel;
    most = most < 4 * rows_of_panel ? 4 * rows_of_panel : most > strip_rows ? strip_rows : most;
    size_t times = (m + most - 1) / most;
    return ((m + times - 1) / times + rows_of_panel - 1) / rows_of_panel * rows_of_panel;
}

static void pack_together(depth_block_at block, size_t n, size_t first, uint16_t *to) {
    size_t all = (n + columns - 1) / columns, last = all - first < panels_together ? all : first + panels_together;
    size_t step = block.term->b_step;
    ck_pack_rows_bf16(block.term->b + block.k0 * step, step, block.depth, n, first, last, to);
}

static void fetch(strip_place *c, size_t i, const void *at, size_t stride_in_bytes) {
    c->fetched[i] = at;
    c->fetched_stride[i] = stride_in_bytes;
}

static void fetch_rows(strip_place *c, const float *rows, size_t stride) {
    fetch(c, 0, rows, stride * sizeof(float));
    fetch(c, 1, rows + columns - 1, stride * sizeof(float));
}

/// What the last block's tiles fetch: where the sums go, or where they go once they are rounded.
static void fetch_result(strip_place *c, const ck_bf16_result *result, size_t i0, size_t j) {
    size_t at = i0 * result->stride + j, half = sizeof(uint16_t);
    if (!result->rounded) return fetch_rows(c, result->sums + at, result->stride);
    fetch(c, 0, result->rounded + at, result->stride * half);
    if (!result->gate) return;
    size_t from = i0 * result->gate_stride + j;
    fetch(c, 1, result->rounded_up + at, result->stride * half);
    fetch(c, 2, result->gate + from, result->gate_stride * half);
    fetch(c, 3, result->up + from, result->gate_stride * half);
    if (!result->activated) return;
    fetch(c, 4, result->activated + i0 * result->activated_stride + j, result->activated_stride * half);
}

static void finish(ck_product_path path, const ck_bf16_result *result, const float *strip, size_t i0, size_t j,
                   size_t rows, size_t width) {
    size_t at = i0 * result->stride + j, from = i0 * result->gate_stride + j;
    uint16_t *activated = result->activated ? result->activated + i0 * result->activated_stride + j : 0;
    ck_swiglu_backward_bf16(path, result->gate + from, result->up + from, result->gate_stride, strip, columns,
                            result->rounded + at, result->rounded_up + at, result->stride, activated,
                            result->activated_stride, rows, width);
}

/// Whether rows of A lie so that a tile's compete for a few sets of the first-level cache, and so many panels of B pass
/// by that packing A pays.
static int aliases(const ck_bf16_term *term, size_t n) {
    return !term->a_is_packed && term->a_step * sizeof(uint16_t) % 2048 == 0 && n >= 8 * columns;
}

/// Packs those operands of some blocks whose rows alias, as far as there is room; whether there is.
static int pack_left(const ck_bf16_term *terms, size_t first, size_t last, size_t n, size_t i0, size_t i1,
                     uint16_t *room) {
    size_t tiles = (i1 - i0 + rows_of_panel - 1) / rows_of_panel, used = 0;
    for (int packs = 0; packs < 2; packs++) {
        used = 0;
        for (size_t index = first; index <= last; index++) {
            depth_block_at block = block_at(terms, index);
            const ck_bf16_term *term = block.term;
            if (!aliases(term, n)) continue;
            if (packs)
                ck_pack_left_rows_bf16(term->a + i0 * term->a_step + block.k0, term->a_step, block.depth, i1 - i0,
                                       room + used);
            used += tiles * ck_left_panel_size(block.depth);
        }
        if (used > room_elements) return 0;
    }
    return used > 0;
}

static void sum_of_products(ck_product_path path, size_t m, size_t n, const ck_bf16_term *terms, size_t count,
                            const ck_bf16_result *result, uint16_t *room) {
    _Alignas(64) float waiting[strip_rows * columns];
    _Alignas(64) uint16_t together[panels_together * depth_block * columns];
    size_t blocks = 0, depth = 0, most = most_blocks;
    for (size_t t = 0; t < count; t++) {
        blocks += (terms[t].k + depth_block - 1) / depth_block;
        depth += terms[t].k;
        if (terms[t].b_is_rows) most = 1;
    }
    // Few blocks at a time, so that enough rows of A fit the cache. A result that is finished needs them all.
    size_t stretches = result->rounded || !blocks ? 1 : (blocks + most - 1) / most;
    size_t stretch = (blocks + stretches - 1) / stretches;
    size_t row_block = rows_at_once(m, stretches == 1 && depth ? depth : most_blocks * depth_block);
    for (size_t first = 0; first < blocks; first += stretch) {
        size_t last = blocks - first < stretch ? blocks - 1 : first + stretch - 1;
        // A short last block has no time to fetch what it writes; short products (of attention) write to the cache.
        size_t fetches = block_at(terms, last).depth >= depth_block / 2 ? last : last > first ? last - 1 : blocks;
        const float *before = first ? result->sums : result->before;
        size_t before_stride = first ? result->stride : result->before_stride;
        for (size_t i0 = 0; i0 < m; i0 += row_block) {
            size_t i1 = m - i0 < row_block ? m : i0 + row_block, tiles = (i1 - i0 + rows_of_panel - 1) / rows_of_panel;
            int packs = room && pack_left(terms, first, last, n, i0, i1, room);
            for (size_t j = 0; j < n; j += columns) {
                size_t width = n - j < columns ? n - j : columns;
                const uint16_t *own = room;
                // Between the first and the last block, sums wait in a strip that never leaves the cache.
                for (size_t index = first; index <= last; index++) {
                    depth_block_at block = block_at(terms, index);
                    const ck_bf16_term *term = block.term;
                    const uint16_t *panel = term->b + j / columns * term->b_step + block.k0 * columns;
                    if (term->b_is_rows) {
                        size_t place = j / columns % panels_together;
                        if (!place) pack_together(block, n, j / columns, together);
                        panel = together + place * ck_panel_size(block.depth);
                    }
                    int writes = index == last && !result->gate, reads = index == first && before;
                    // The panel that comes after this one.
                    depth_block_at after = block_at(terms, index < last ? index + 1 : first);
                    size_t after_j = (index < last ? j : j + columns) / columns;
                    const uint16_t *coming = after.term->b + after_j * after.term->b_step + after.k0 * columns;
                    size_t left = (index == last && j + columns >= n) || after.term->b_is_rows ? 0 : after.depth;
                    // Of its 64 bytes times `left`, what each tile fetches.
                    size_t share = left * 64 / tiles;
                    strip_place c = {waiting, columns, waiting, 0, columns, width, (const char *)panel, 0, {0}, {0}};
                    if (left) c.coming = (const char *)coming, c.share = share;
                    if (index == first) c.before = before ? before + i0 * before_stride + j : 0;
                    if (index == first) c.before_stride = before_stride;
                    if (writes) c.to_stride = result->stride;
                    if (writes && result->rounded) c.rounded = result->rounded + i0 * result->stride + j;
                    else if (writes) c.to = result->sums + i0 * result->stride + j;
                    if (index == fetches) fetch_result(&c, result, i0, j);
                    else if (reads) fetch_rows(&c, c.before, before_stride);
                    left_rows a = left_at(block, i0);
                    if (packs && aliases(term, n)) {
                        size_t size = ck_left_panel_size(block.depth);
                        a = (left_rows){own, 2, 2 * rows_of_panel, size, (block.depth + 1) / 2, 0};
                        own += tiles * size;
                    }
                    ck_bf16_strip(path, i1 - i0, &a, panel, &c);
                }
                if (result->gate) finish(path, result, waiting, i0, j, i1 - i0, width);
            }
        }
    }
}

static void sum_of_products_with_room(ck_product_path path, size_t m, size_t n, const ck_bf16_term *terms,
                                      size_t count, const ck_bf16_result *result) {
    _Alignas(64) uint16_t room[room_elements];
    sum_of_products(path, m, n, terms, count, result, room);
}

void ck_bf16_sum_of_products(ck_product_path path, size_t m, size_t n, const ck_bf16_term *terms, size_t count,
                             const ck_bf16_result *result) {
    for (size_t t = 0; t < count; t++)
        if (aliases(&terms[t], n)) return sum_of_products_with_room(path, m, n, terms, count, result);
    sum_of_products(path, m, n, terms, count, result, 0);
}
