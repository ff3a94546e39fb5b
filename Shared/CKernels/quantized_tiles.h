// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

// Tiles of quantised products without dot-product instructions, for one width of vectors: included by
// quantized_product.c once a width, with these macros (and undefined again).
//
// CK_TILE: the name; CK_TILE_TARGET: the instructions; CK_TILE_ROWS: rows at most; CK_LANES: floats of a vector;
// CK_V(NAME): an intrinsic of this width; CK_WORDS, CK_FLOATS: the vector types; CK_LOAD(AT): a vector from anywhere;
// CK_LOAD_HALVES(AT): CK_LANES float16 widened; CK_SIGNED(X, W): x where w ≥ 0, −x where w < 0 (w is 0: either);
// CK_XOR, CK_AND: bitwise.
//
// Products of neighbours are added in 16 bits. Q8_0: |w| · ±x, of |w| ≤ 128 and |x| ≤ 127: two make 32,512 at most. Q4_0:
// w + 8 ≤ 15: all sixteen of a lane and block make 30,480 at most. Nothing saturates, so that the sums are exact.

#define CK_NAME_OF(A, B) A##B
#define CK_NAMED(A, B) CK_NAME_OF(A, B)

__attribute__((target(CK_TILE_TARGET), always_inline)) static inline void CK_NAMED(CK_TILE, _rows)(
    const int is_q8, const size_t rows, ck_quantized_rows a, const uint8_t *b, size_t blocks, const tile_place *c) {
    enum { each = columns / CK_LANES, bytes = CK_LANES * 4, most = CK_TILE_ROWS * each };
    CK_FLOATS s[most];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows * each; i++) s[i] = CK_V(setzero_ps)();
    const CK_WORDS ones = CK_V(set1_epi16)(1), low = CK_V(set1_epi8)(15), sign = CK_V(set1_epi8)((char)0x80);
    for (size_t i = 0; i < blocks; i++) {
        CK_WORDS d[most];
        const uint8_t *w = b + columns * 2;
        const int8_t *x = a.values + i * block;
        if (is_q8) {
#pragma clang loop unroll(full)
            for (size_t j = 0; j < rows * each; j++) d[j] = CK_V(set1_epi32)(0);
#pragma clang loop unroll(full)
            for (size_t group = 0; group < 8; group++, w += columns * 4) {
                __builtin_prefetch(w + fetched_ahead), __builtin_prefetch(w + fetched_ahead + 64);
#pragma clang loop unroll(full)
                for (size_t v = 0; v < each; v++) {
                    CK_WORDS weights = CK_XOR(CK_LOAD(w + v * bytes), sign), size = CK_V(abs_epi8)(weights);
#pragma clang loop unroll(full)
                    for (size_t r = 0; r < rows; r++) {
                        CK_WORDS four = CK_V(set1_epi32)(word_at(x + r * a.stride + group * 4));
                        CK_WORDS pairs = CK_V(maddubs_epi16)(size, CK_SIGNED(four, weights));
                        d[r * each + v] = CK_V(add_epi32)(d[r * each + v], CK_V(madd_epi16)(pairs, ones));
                    }
                }
            }
        } else {
            CK_WORDS pairs[most];
#pragma clang loop unroll(full)
            for (size_t j = 0; j < rows * each; j++) pairs[j] = CK_V(set1_epi32)(0);
#pragma clang loop unroll(full)
            for (size_t group = 0; group < 4; group++, w += columns * 4) {
                __builtin_prefetch(w + fetched_ahead), __builtin_prefetch(w + fetched_ahead + 64);
#pragma clang loop unroll(full)
                for (size_t v = 0; v < each; v++) {
                    CK_WORDS both = CK_LOAD(w + v * bytes);
                    CK_WORDS first = CK_AND(both, low), second = CK_AND(CK_V(srli_epi16)(both, 4), low);
#pragma clang loop unroll(full)
                    for (size_t r = 0; r < rows; r++) {
                        const int8_t *at = x + r * a.stride + group * 4;
                        CK_WORDS *sum = pairs + r * each + v;
                        *sum = CK_V(add_epi16)(
                            *sum, CK_V(maddubs_epi16)(first, CK_V(set1_epi32)(word_at(at))));
                        *sum = CK_V(add_epi16)(
                            *sum, CK_V(maddubs_epi16)(second, CK_V(set1_epi32)(word_at(at + block / 2))));
                    }
                }
            }
#pragma clang loop unroll(full)
            for (size_t j = 0; j < rows * each; j++)
                d[j] = CK_V(add_epi32)(CK_V(madd_epi16)(pairs[j], ones),
                                       CK_V(set1_epi32)(a.corrections[j / each * a.block_stride + i]));
        }
#pragma clang loop unroll(full)
        for (size_t v = 0; v < each; v++) {
            CK_FLOATS scale = CK_LOAD_HALVES(b + v * CK_LANES * 2);
#pragma clang loop unroll(full)
            for (size_t r = 0; r < rows; r++) {
                CK_FLOATS product = CK_V(mul_ps)(scale, CK_V(set1_ps)(a.scales[r * a.block_stride + i]));
                CK_FLOATS *sum = s + r * each + v;
                *sum = CK_V(fmadd_ps)(CK_V(cvtepi32_ps)(d[r * each + v]), product, *sum);
            }
        }
        b = w;
    }
    float sums[CK_TILE_ROWS * columns];
#pragma clang loop unroll(full)
    for (size_t j = 0; j < rows * each; j++) CK_V(storeu_ps)(sums + j * CK_LANES, s[j]);
    store_sums(sums, rows, c);
}

#undef CK_NAMED
#undef CK_NAME_OF
#undef CK_TILE
#undef CK_TILE_TARGET
#undef CK_TILE_ROWS
#undef CK_LANES
#undef CK_V
#undef CK_WORDS
#undef CK_FLOATS
#undef CK_LOAD
#undef CK_LOAD_HALVES
#undef CK_SIGNED
#undef CK_XOR
#undef CK_AND
