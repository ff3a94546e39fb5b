// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The right operand B of a bfloat16 product.
public enum BFloat16Operand {
    /// Packed before.
    case packed(PackedMatrix)
    /// A matrix in the type of its file, packed a few columns at a time as the product takes them, so that no more than
    /// those is ever widened. The scratch has `BFloat16Product.storedScratch(depth:)` elements.
    case stored(StoredMatrix, PackedMatrix.Source, scratch: UnsafeMutablePointer<UInt16>)
}
