// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A model that a training published before its end: an artifact like any other, for jobs that follow the training.
public struct PublishedModel: Codable, Sendable, Hashable {
    /// Steps it was trained for.
    public var step: Int
    /// The model; with LoRA it is the base that was given.
    public var model: DataReference?
    /// The adapter, with LoRA.
    public var adapter: DataReference?

    public init(step: Int, model: DataReference? = nil, adapter: DataReference? = nil) {
        self.step = step
        self.model = model
        self.adapter = adapter
    }
}
