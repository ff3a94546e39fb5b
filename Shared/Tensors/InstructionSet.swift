// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

/// The vector instructions the kernels were chosen for on this machine.
public enum InstructionSet: String, Sendable {
    case avx512
    case avx2
    case baseline

    /// What the loader picked.
    public static var current: InstructionSet {
        switch ck_instruction_level() {
        case 4: .avx512
        case 3: .avx2
        default: .baseline
        }
    }

    /// Whether the processor multiplies bfloat16 pairs in hardware (AVX512-BF16).
    public static var hasBFloat16Products: Bool { ck_has_bfloat16_dot() != 0 }
}
