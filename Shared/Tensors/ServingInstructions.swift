// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels
import Glibc
import Synchronization

/// The processor's instructions that a model which answers is multiplied with. All give the same bits; they differ in
/// speed.
public enum ServingInstructions: String, Sendable, CaseIterable {
    /// No vector instructions but those that the compiler finds.
    case plain
    /// AVX2, FMA and F16C.
    case avx2
    /// AVX-512 without dot products.
    case avx512
    /// AVX-512 with dot products: of bytes (VNNI), of bfloat16 (AVX512-BF16), each where the processor has it.
    case avx512Dot = "avx512-dot"

    /// The environment variable that names a lower set than the best.
    public static let variable = "MELLAMA_INSTRUCTIONS"

    /// What this processor has, the plain loop first.
    public static let available: [ServingInstructions] = {
        let best = max(ck_best_float_path().rawValue, ck_best_product_path().rawValue, ck_best_integer_path().rawValue)
        return Array(allCases[...Int(best)])
    }()

    /// What is used: what the environment asks for, else the best.
    public static var current: ServingInstructions { allCases[chosen.load(ordering: .relaxed)] }

    /// Takes another set. Throws `unavailable` for one that the processor does not have.
    public static func use(_ set: ServingInstructions) throws(TensorError) {
        guard let index = available.firstIndex(of: set) else { throw Self.unavailable(set.rawValue) }
        chosen.store(index, ordering: .relaxed)
    }

    /// Whether the environment names a set that there is. Throws `unavailable` if not: then the best is in use.
    public static func checkEnvironment() throws(TensorError) {
        guard let name = environment, find(name) == nil else { return }
        throw unavailable(name)
    }

    private static let chosen = Atomic(environment.flatMap(find) ?? available.count - 1)
    private static var environment: String? { getenv(variable).map { String(cString: $0) } }
    private static func find(_ name: String) -> Int? { available.firstIndex { $0.rawValue == name } }

    private static func unavailable(_ name: String) -> TensorError {
        TensorError(
            .unavailable,
            "\(variable): this processor has no instructions named \(name); take "
                + available.map(\.rawValue).joined(separator: ", ") + ", or leave it out for the best")
    }

    // The kernels' own numbers are in the same order; the float32 products have no fourth.
    private var number: UInt32 { UInt32(Self.allCases.firstIndex(of: self) ?? 0) }
    static var float: ck_float_path {
        ck_float_path(rawValue: min(current.number, ck_best_float_path().rawValue))
    }
    static var bfloat16: ck_product_path {
        ck_product_path(rawValue: min(current.number, ck_best_product_path().rawValue))
    }
    static var integer: ck_integer_path {
        ck_integer_path(rawValue: min(current.number, ck_best_integer_path().rawValue))
    }
}
