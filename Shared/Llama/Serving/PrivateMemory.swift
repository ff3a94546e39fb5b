// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

/// The process's own memory: packed anew each time.
public struct PrivateMemory: PackedWeightPlace {
    /// The one there is.
    public init() {}

    public func memory(layout: String, bytes: Int) throws -> PanelMemory {
        do { return try PanelMemory(bytes: bytes) } catch {
            throw LlamaError(.outOfMemory, "the weights of a model: \(error.description)")
        }
    }

    public func keep(_ memory: PanelMemory) {}
}
