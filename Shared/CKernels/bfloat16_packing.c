// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// Operands of bfloat16 products in the order in which a tile reads them; CKernels.h states the layout.

#include "CKernels.h"
#include "bfloat16.h"

enum { columns = CK_PANEL_COLUMNS, rows_of_panel = CK_PANEL_ROWS };

size_t ck_panel_size(size_t depth) { return (depth + 1) / 2 * 2 * columns; }
size_t ck_left_panel_size(size_t depth) { return (depth + 1) / 2 * 2 * rows_of_panel; }

typedef uint32_t words16 __attribute__((vector_size(64), aligned(4)));

/// Transposes 16 x 16 words held in 16 vectors.
CK_INLINE void transpose(words16 *r) {
    words16 t[16];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 2) {
        t[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        t[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 4) {
        r[i] = __builtin_shufflevector(t[i], t[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
        r[i + 1] = __builtin_shufflevector(t[i], t[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        r[i + 2] =
            __builtin_shufflevector(t[i + 1], t[i + 3], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
        r[i + 3] =
            __builtin_shufflevector(t[i + 1], t[i + 3], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        t[i] = __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        t[i + 4] = __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
        t[i + 8] =
            __builtin_shufflevector(r[i + 8], r[i + 12], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        t[i + 12] =
            __builtin_shufflevector(r[i + 8], r[i + 12], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        r[i] = __builtin_shufflevector(t[i], t[i + 8], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        r[i + 8] = __builtin_shufflevector(t[i], t[i + 8], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
        r[i + 4] =
            __builtin_shufflevector(t[i + 4], t[i + 12], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        r[i + 12] =
            __builtin_shufflevector(t[i + 4], t[i + 12], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    }
}

// Sources are float32 or bfloat16; the constant argument makes two loops out of one text.
CK_INLINE uint16_t element(const void *source, size_t index, const int is_wide) {
    return is_wide ? ck_narrow(((const float *)source)[index]) : ((const uint16_t *)source)[index];
}

// A whole cache line, stored past the cache.
typedef uint32_t line16 __attribute__((vector_size(64)));

/// Stores `bytes`, past the cache if it is `final`: `to` is then aligned to a line.
CK_INLINE void put(void *to, const void *from, const size_t bytes, const int is_final) {
    if (!is_final) {
        memcpy(to, from, bytes);
        return;
    }
    for (size_t i = 0; i < bytes / sizeof(line16); i++) {
        line16 line;
        memcpy(&line, (const char *)from + i * sizeof line, sizeof line);
        __builtin_nontemporal_store(line, (line16 *)to + i);
    }
}

/// Panels of B = Sᵀ for S [n, k]: the depth is contiguous in memory.
CK_INLINE void pack_columns(const void *source, size_t stride, const int is_wide, size_t k, size_t n, size_t first,
                            size_t last, uint16_t *to, const int is_final) {
    size_t size = ck_panel_size(k);
    for (size_t panel = first; panel < last; panel++) {
        size_t j0 = panel * columns, width = n - j0 < columns ? n - j0 : columns;
        uint16_t *out = to + (panel - first) * size;
        size_t k0 = 0;
        for (; width == columns && k0 + 32 <= k; k0 += 32)
            for (size_t half = 0; half < columns; half += 16) {
                words16 r[16];
                for (size_t j = 0; j < 16; j++) {
                    uint16_t line[32];
                    size_t at = (j0 + half + j) * stride + k0;
                    for (size_t i = 0; i < 32; i++) line[i] = element(source, at + i, is_wide);
                    memcpy(&r[j], line, sizeof line);
                }
                transpose(r);
                for (size_t p = 0; p < 16; p++) put(out + (k0 / 2 + p) * columns * 2 + half * 2, &r[p], 64, is_final);
            }
        for (size_t i = k0; i < (k + 1) / 2 * 2; i++)
            for (size_t j = 0; j < columns; j++)
                out[i / 2 * columns * 2 + j * 2 + i % 2] =
                    i < k && j < width ? element(source, (j0 + j) * stride + i, is_wide) : 0;
    }
}

/// Pairs of neighbouring rows of S [k, ...] interleaved, `width` of `lanes` columns at a time: panels of B = S
/// (32 columns) or of A = Sᵀ (14 columns), `size` elements from panel to panel.
CK_INLINE void pack_rows(const void *source, size_t stride, const int is_wide, const size_t lanes, size_t k, size_t n,
                         size_t first, size_t last, uint16_t *to, size_t size, const int is_final) {
    // A few rows at a time, so that a cache line of them serves the panels that share it.
    for (size_t k0 = 0; k0 < k; k0 += 32) {
        size_t k1 = k - k0 < 32 ? k : k0 + 32;
        for (size_t panel = first; panel < last; panel++) {
            size_t j0 = panel * lanes, width = n - j0 < lanes ? n - j0 : lanes;
            for (size_t i = k0; i < k1; i += 2) {
                uint16_t *out = to + (panel - first) * size + i * lanes;
                size_t at = i * stride + j0;
                uint16_t line[64];
                // The same columns of later rows: no processor foresees such strides.
                __builtin_prefetch((const char *)source + (at + 32 * stride) * (is_wide ? 4 : 2), 0, 2);
                __builtin_prefetch((const char *)source + (at + 33 * stride) * (is_wide ? 4 : 2), 0, 2);
                if (width == lanes && i + 1 < k) {
                    for (size_t j = 0; j < lanes; j++) {
                        line[2 * j] = element(source, at + j, is_wide);
                        line[2 * j + 1] = element(source, at + stride + j, is_wide);
                    }
                } else {
                    for (size_t j = 0; j < lanes; j++) {
                        line[2 * j] = j < width ? element(source, at + j, is_wide) : 0;
                        line[2 * j + 1] = j < width && i + 1 < k ? element(source, at + stride + j, is_wide) : 0;
                    }
                }
                put(out, line, lanes * 4, is_final);
            }
        }
    }
}

CK_MULTIVERSION
void ck_pack_columns_f32(const float *source, size_t stride, size_t k, size_t n, size_t first, size_t last,
                         uint16_t *to) {
    pack_columns(source, stride, 1, k, n, first, last, to, 0);
}

CK_MULTIVERSION
void ck_pack_columns_bf16(const uint16_t *source, size_t stride, size_t k, size_t n, size_t first, size_t last,
                          uint16_t *to) {
    pack_columns(source, stride, 0, k, n, first, last, to, 0);
}

CK_MULTIVERSION
void ck_pack_rows_f32(const float *source, size_t stride, size_t k, size_t n, size_t first, size_t last,
                      uint16_t *to) {
    pack_rows(source, stride, 1, columns, k, n, first, last, to, ck_panel_size(k), 0);
}

CK_MULTIVERSION
void ck_pack_rows_bf16(const uint16_t *source, size_t stride, size_t k, size_t n, size_t first, size_t last,
                       uint16_t *to) {
    pack_rows(source, stride, 0, columns, k, n, first, last, to, ck_panel_size(k), 0);
}

CK_MULTIVERSION
void ck_pack_both_f32(const float *source, size_t outputs, size_t inputs, size_t first, size_t last,
                      uint16_t *transposed, uint16_t *straight) {
    for (size_t row = first; row < last; row += columns) {
        size_t panel = row / columns, rows = last - row < columns ? last - row : columns;
        pack_columns(source, inputs, 1, inputs, outputs, panel, panel + 1,
                     transposed + panel * ck_panel_size(inputs), 1);
        pack_rows(source + row * inputs, inputs, 1, columns, rows, inputs, 0, (inputs + columns - 1) / columns,
                  straight + row * columns, ck_panel_size(outputs), 1);
    }
#if defined(__x86_64__)
    __builtin_ia32_sfence();   // Stores past the cache are in no order with others.
#endif
}

typedef uint16_t halves16 __attribute__((vector_size(32), aligned(2)));
typedef uint16_t halves32 __attribute__((vector_size(64), aligned(2)));

CK_MULTIVERSION
void ck_pack_left_bf16(const uint16_t *source, size_t stride, size_t k, size_t m, size_t first, size_t last,
                       uint16_t *to) {
    size_t size = ck_left_panel_size(k), whole = k / 2 * 2, vectors = 0;
    // Panels of which 16 columns can be read; a store of 16 pairs spills into the next pair's place, written after.
    while (first + vectors < last && (first + vectors) * rows_of_panel + 16 <= m) vectors++;
    for (size_t k0 = 0; k0 < whole; k0 += 32) {
        size_t k1 = whole - k0 < 32 ? whole : k0 + 32;
        for (size_t panel = 0; panel < vectors; panel++) {
            const uint16_t *from = source + k0 * stride + (first + panel) * rows_of_panel;
            uint16_t *out = to + panel * size + k0 * rows_of_panel;
            for (size_t i = k0; i < k1; i += 2, from += 2 * stride, out += 2 * rows_of_panel) {
                // The same columns of the next rows: no processor foresees such strides.
                __builtin_prefetch(from + 32 * stride, 0, 3);
                __builtin_prefetch(from + 33 * stride, 0, 3);
                halves16 a = *(const halves16 *)from, b = *(const halves16 *)(from + stride);
                halves32 pairs = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
                                                         8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
                if (i + 2 < k1) *(halves32 *)out = pairs;
                else memcpy(out, &pairs, rows_of_panel * 4);
            }
        }
    }
    if (whole < k)
        for (size_t panel = 0; panel < vectors; panel++)
            pack_rows(source + whole * stride, stride, 0, rows_of_panel, 1, m, first + panel, first + panel + 1,
                      to + panel * size + whole * rows_of_panel, size, 0);
    pack_rows(source, stride, 0, rows_of_panel, k, m, first + vectors, last, to + vectors * size, size, 0);
}

CK_MULTIVERSION
void ck_pack_left_rows_bf16(const uint16_t *source, size_t stride, size_t k, size_t m, uint16_t *to) {
    size_t size = ck_left_panel_size(k);
    for (size_t first = 0; first < m; first += rows_of_panel, to += size, source += rows_of_panel * stride) {
        size_t rows = m - first < rows_of_panel ? m - first : rows_of_panel, k0 = 0;
        for (; k0 + 32 <= k; k0 += 32) {
            words16 r[16] = {0};
            for (size_t i = 0; i < rows; i++) memcpy(&r[i], source + i * stride + k0, 64);
            transpose(r);
            for (size_t p = 0; p < 16; p++) memcpy(to + (k0 + 2 * p) * rows_of_panel, &r[p], rows_of_panel * 4);
        }
        for (size_t i = k0; i < (k + 1) / 2 * 2; i++)
            for (size_t r = 0; r < rows_of_panel; r++)
                to[i / 2 * 2 * rows_of_panel + 2 * r + i % 2] = i < k && r < rows ? source[r * stride + i] : 0;
    }
}
