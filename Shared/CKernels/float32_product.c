// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// Products of float32 matrices; ServingKernels.h states the arithmetic to the bit.

#include "CKernels.h"

#include <math.h>
#include <string.h>

#define CK_ALWAYS_INLINE static inline __attribute__((always_inline))

enum { columns = CK_PANEL_COLUMNS, page_tokens = CK_PAGE_TOKENS };

/// The columns of a tile: `count` pieces of depth one after the other, each `depth` long, at blocks[i] + offset, and
/// those of a second panel likewise. Elements are float32, or float16 if `is_half`.
typedef struct {
    const void *const *blocks, *const *second_blocks;
    size_t offset, second_offset, count, depth;
    int is_half;
} right_tile;

/// Where a tile goes: `width` columns of each of its (one or two) panels, and what is added first (null: nothing).
typedef struct {
    const float *before;
    size_t before_stride;
    float *to;
    size_t to_stride, width;
} tile_place;

/// A tile of `rows` x 32, or x 64 if `panels` is 2.
typedef void (*tile_kernel)(size_t rows, size_t panels, const float *a, size_t a_stride, const right_tile *b,
                            const tile_place *c);

/// A kernel and how many rows it takes at most; two panels at once for `wide_rows` at most.
typedef struct {
    tile_kernel tile;
    size_t rows, wide_rows;
} float_kernel;

static void store_sums(const float *sums, size_t rows, size_t all, const tile_place *c) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < c->width; j++) {
            float sum = sums[r * all + j];
            c->to[r * c->to_stride + j] = c->before ? c->before[r * c->before_stride + j] + sum : sum;
        }
}

// MARK: The plain loop

static float element(const void *from, size_t index, int is_half) {
    if (!is_half) return ((const float *)from)[index];
    _Float16 half;
    memcpy(&half, (const uint16_t *)from + index, sizeof half);
    return (float)half;
}

static void plain_tile(size_t rows, size_t panels, const float *a, size_t a_stride, const right_tile *b,
                       const tile_place *c) {
    float sums[2 * columns];
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < panels * columns; j++) {
            const void *const *blocks = j < columns ? b->blocks : b->second_blocks;
            size_t at = (j < columns ? b->offset : b->second_offset) + j % columns;
            float sum = 0;
            for (size_t i = 0; i < b->count * b->depth; i++)
                sum = fmaf(a[r * a_stride + i],
                           element(blocks[i / b->depth], at + i % b->depth * columns, b->is_half), sum);
            sums[j] = sum;
        }
        tile_place row = *c;
        row.to += r * c->to_stride;
        if (row.before) row.before += r * c->before_stride;
        store_sums(sums, 1, panels * columns, &row);
    }
}

#if defined(__x86_64__)

#include <immintrin.h>

// MARK: FMA

#define CK_FLOAT_KERNEL(NAME, TARGET, LANES, ROWS, WIDE)                                                               \
    typedef float NAME##_floats __attribute__((vector_size(LANES * 4), aligned(4)));                                   \
    typedef _Float16 NAME##_halves __attribute__((vector_size(LANES * 2), aligned(2)));                                \
    __attribute__((target(TARGET), always_inline)) static inline NAME##_floats NAME##_load(                            \
        const char *from, size_t index, const int is_half) {                                                           \
        if (!is_half) return *(const NAME##_floats *)(from + index * 4);                                               \
        return __builtin_convertvector(*(const NAME##_halves *)(from + index * 2), NAME##_floats);                     \
    }                                                                                                                  \
    __attribute__((target(TARGET), always_inline)) static inline void NAME##_rows(                                     \
        const size_t rows, const size_t panels, const int is_half, const float *a, size_t a_stride,                    \
        const right_tile *b, const tile_place *c) {                                                                    \
        enum { each = columns / LANES };                                                                               \
        const size_t vectors = panels * each;                                                                          \
        NAME##_floats s[ROWS * each > WIDE * 2 * each ? ROWS * each : WIDE * 2 * each];                                \
        _Pragma("clang loop unroll(full)") for (size_t i = 0; i < rows * vectors; i++) s[i] = (NAME##_floats){0};      \
        for (size_t block = 0; block < b->count; block++) {                                                            \
            const size_t size = is_half ? 2 : 4;                                                                       \
            const char *first = (const char *)b->blocks[block] + b->offset * size;                                     \
            const char *second =                                                                                       \
                panels > 1 ? (const char *)b->second_blocks[block] + b->second_offset * size : first;                  \
            const float *left = a + block * b->depth;                                                                  \
            for (size_t i = 0; i < b->depth; i++) {                                                                    \
                NAME##_floats w[2 * each];                                                                             \
                _Pragma("clang loop unroll(full)") for (size_t v = 0; v < vectors; v++)                                \
                    w[v] = NAME##_load(v < each ? first : second, i * columns + v % each * LANES, is_half);            \
                _Pragma("clang loop unroll(full)") for (size_t r = 0; r < rows; r++) {                                 \
                    NAME##_floats x = (NAME##_floats){0} + left[r * a_stride + i];                                     \
                    _Pragma("clang loop unroll(full)") for (size_t v = 0; v < vectors; v++)                            \
                        s[r * vectors + v] = __builtin_elementwise_fma(x, w[v], s[r * vectors + v]);                   \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        if (c->width == panels * columns) {                                                                            \
            _Pragma("clang loop unroll(full)") for (size_t r = 0; r < rows; r++)                                       \
                _Pragma("clang loop unroll(full)") for (size_t v = 0; v < vectors; v++) {                              \
                NAME##_floats sum = s[r * vectors + v];                                                                \
                if (c->before) sum = *(const NAME##_floats *)(c->before + r * c->before_stride + v * LANES) + sum;     \
                *(NAME##_floats *)(c->to + r * c->to_stride + v * LANES) = sum;                                        \
            }                                                                                                          \
        } else {                                                                                                       \
            float sums[ROWS * 2 * columns];                                                                            \
            _Pragma("clang loop unroll(full)") for (size_t i = 0; i < rows * vectors; i++)                             \
                *(NAME##_floats *)(sums + i * LANES) = s[i];                                                           \
            store_sums(sums, rows, panels * columns, c);                                                               \
        }                                                                                                              \
    }

// Whether there are two panels, and of which type, is a constant in each variant.
#define CK_FLOAT_CASE(NAME, N)                                                                                         \
    case N:                                                                                                            \
        if (b->is_half) NAME##_rows(N, 1, 1, a, a_stride, b, c);                                                       \
        else NAME##_rows(N, 1, 0, a, a_stride, b, c);                                                                  \
        break;
#define CK_WIDE_CASE(NAME, N)                                                                                          \
    case N:                                                                                                            \
        if (b->is_half) NAME##_rows(N, 2, 1, a, a_stride, b, c);                                                       \
        else NAME##_rows(N, 2, 0, a, a_stride, b, c);                                                                  \
        break;

#define CK_AVX2 "avx2,fma,f16c"
#define CK_AVX512 "avx512f,avx512bw,avx512vl,avx512dq,f16c"

CK_FLOAT_KERNEL(avx2, CK_AVX2, 8, 3, 1)
CK_FLOAT_KERNEL(avx512, CK_AVX512, 16, 14, 4)

__attribute__((target(CK_AVX2))) static void avx2_tile(size_t rows, size_t panels, const float *a, size_t a_stride,
                                                       const right_tile *b, const tile_place *c) {
    if (panels == 2) {
        switch (rows) { CK_WIDE_CASE(avx2, 1) }
        return;
    }
    switch (rows) { CK_FLOAT_CASE(avx2, 1) CK_FLOAT_CASE(avx2, 2) CK_FLOAT_CASE(avx2, 3) }
}

__attribute__((target(CK_AVX512))) static void avx512_tile(size_t rows, size_t panels, const float *a, size_t a_stride,
                                                           const right_tile *b, const tile_place *c) {
    if (panels == 2) {
        switch (rows) {
            CK_WIDE_CASE(avx512, 1) CK_WIDE_CASE(avx512, 2) CK_WIDE_CASE(avx512, 3) CK_WIDE_CASE(avx512, 4)
        }
        return;
    }
    switch (rows) {
        CK_FLOAT_CASE(avx512, 1) CK_FLOAT_CASE(avx512, 2) CK_FLOAT_CASE(avx512, 3) CK_FLOAT_CASE(avx512, 4)
        CK_FLOAT_CASE(avx512, 5) CK_FLOAT_CASE(avx512, 6) CK_FLOAT_CASE(avx512, 7) CK_FLOAT_CASE(avx512, 8)
        CK_FLOAT_CASE(avx512, 9) CK_FLOAT_CASE(avx512, 10) CK_FLOAT_CASE(avx512, 11) CK_FLOAT_CASE(avx512, 12)
        CK_FLOAT_CASE(avx512, 13) CK_FLOAT_CASE(avx512, 14)
    }
}

static float_kernel kernel(ck_float_path path) {
    switch (path) {
        case ck_float_avx512: return (float_kernel){avx512_tile, 14, 4};
        case ck_float_avx2: return (float_kernel){avx2_tile, 3, 1};
        default: return (float_kernel){plain_tile, 16, 0};
    }
}

ck_float_path ck_best_float_path(void) {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) return ck_float_avx512;
    return __builtin_cpu_supports("x86-64-v3") ? ck_float_avx2 : ck_float_plain;
}

#else

static float_kernel kernel(ck_float_path path) { return (float_kernel){plain_tile, 16, 0}; }
ck_float_path ck_best_float_path(void) { return ck_float_plain; }

#endif

// MARK: The loops around a tile

/// Rows of the next tile of `left` rows: tiles of about the same height.
static size_t tile_rows(size_t left, size_t most) {
    size_t tiles = (left + most - 1) / most;
    return (left + tiles - 1) / tiles;
}

void ck_f32_product(ck_float_path path, size_t m, size_t n, size_t k, const float *a, size_t a_stride, const float *b,
                    size_t b_step, const float *before, size_t before_stride, float *c, size_t c_stride) {
    float_kernel kern = kernel(path);
    for (size_t j = 0; j < n;) {
        // Two panels at once where rows are few: more chains at a time.
        size_t panels = m <= kern.wide_rows && n - j >= 2 * columns ? 2 : 1;
        const float *panel = b + j / columns * b_step;
        const void *first = panel, *second = panel + (panels - 1) * b_step;
        right_tile right = {&first, &second, 0, 0, 1, k, 0};
        size_t width = n - j < panels * columns ? n - j : panels * columns;
        for (size_t i = 0, rows; i < m; i += rows) {
            rows = tile_rows(m - i, kern.rows);
            tile_place place = {before ? before + i * before_stride + j : 0, before_stride, c + i * c_stride + j,
                                c_stride, width};
            kern.tile(rows, panels, a + i * a_stride, a_stride, &right, &place);
        }
        j += panels * columns;
    }
}

void ck_paged_scores(ck_float_path path, int is_half, size_t rows, size_t width, const float *q, size_t q_stride,
                     const void *const *pages, size_t count, size_t offset, float *scores, size_t scores_stride) {
    float_kernel kern = kernel(path);
    for (size_t page = 0; page < count;) {
        size_t panels = rows <= kern.wide_rows && count - page >= 2 ? 2 : 1;
        right_tile right = {pages + page, pages + page + panels - 1, offset, offset, 1, width, is_half};
        for (size_t i = 0, now; i < rows; i += now) {
            now = tile_rows(rows - i, kern.rows);
            tile_place place = {0, 0, scores + i * scores_stride + page * page_tokens, scores_stride,
                                panels * page_tokens};
            kern.tile(now, panels, q + i * q_stride, q_stride, &right, &place);
        }
        page += panels;
    }
}

void ck_paged_mix(ck_float_path path, int is_half, size_t rows, size_t width, const float *p, size_t p_stride,
                  const void *const *pages, size_t count, size_t offset, float *mixed, size_t mixed_stride) {
    float_kernel kern = kernel(path);
    for (size_t j = 0; j < width;) {
        size_t panels = rows <= kern.wide_rows && width - j >= 2 * columns ? 2 : 1;
        size_t at = offset + j * page_tokens;
        right_tile right = {pages, pages, at, at + (panels - 1) * page_tokens * columns, count, page_tokens, is_half};
        for (size_t i = 0, now; i < rows; i += now) {
            now = tile_rows(rows - i, kern.rows);
            tile_place place = {0, 0, mixed + i * mixed_stride + j, mixed_stride,
                                width - j < panels * columns ? width - j : panels * columns};
            kern.tile(now, panels, p + i * p_stride, p_stride, &right, &place);
        }
        j += panels * columns;
    }
}
