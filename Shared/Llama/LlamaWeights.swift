// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

/// All weights of a model under their published names, in one block of float32 memory, with value semantics.
///
/// The order is that of the model: embedding, blocks, final norm, head. Copies share memory until one is written. Of a
/// base that is kept as its files hold it, that block has the norms alone; the matrices are in `stored`.
public struct LlamaWeights: Sendable {
    /// The dimensions the weights belong to.
    public let configuration: LlamaConfiguration
    /// The weights; an optimizer that holds the only copy updates them in place. A set put in their place must have the
    /// same layout.
    public var parameters: ParameterSet
    let layout: LlamaLayout
    /// The matrices, where they are kept in the types of the model's files; they take an adapter, and are not trained.
    public let stored: StoredWeights?

    /// Zeros for a loader to fill. Throws `outOfMemory`, naming the size, if the memory is refused.
    public init(zeros configuration: LlamaConfiguration) throws(LlamaError) {
        self.configuration = configuration
        layout = LlamaLayout(configuration)
        stored = nil
        do { parameters = try ParameterSet(zeros: layout.parameters) } catch {
            throw LlamaError(
                .outOfMemory, "a model of \(configuration.parameterCount) weights: \(error.description)")
        }
    }

    /// A base as its files hold it: matrices in their own types, norms in float32. Throws what the source throws, or
    /// `outOfMemory`.
    public init(keeping source: some WeightSource) throws {
        configuration = source.configuration
        layout = LlamaLayout(configuration, holdsMatrices: false)
        stored = try StoredWeights(source)
        do { parameters = try ParameterSet(zeros: layout.parameters) } catch {
            throw LlamaError(.outOfMemory, "the norms of a model: \(error.description)")
        }
        for entry in layout.parameters.entries {
            let norm = try source.matrix(entry.name, rows: 1, columns: entry.shape.count)
            parameters.withUnsafeMutableValues(of: entry.name) { values in
                if let base = values.baseAddress { norm.widenInThread(0, 0..<entry.shape.count, into: base) }
            }
        }
        source.release()
    }

    /// Bytes of all weights.
    public var bytes: Int { 4 * parameters.count + (stored?.bytes ?? 0) }

    /// Random weights as transformers initialises them: normal with mean 0 and standard deviation
    /// `initializerRange`, norms 1.
    ///
    /// Tensor i in layout order draws from xoshiro256** seeded by SplitMix64(seed) + i, through Box and Muller, so a
    /// seed gives the same weights on every machine with the same libm.
    public init(random configuration: LlamaConfiguration, seed: UInt64) throws(LlamaError) {
        try self.init(zeros: configuration)
        let entries = layout.parameters.entries
        let deviation = configuration.initializerRange
        parameters.withUnsafeMutableValues { all in
            let all = all
            ThreadPool.shared.run(entries.count) { index in
                let entry = entries[index]
                let values = UnsafeMutableBufferPointer(rebasing: all[entry.range])
                if entry.shape.rank == 1 {
                    values.update(repeating: 1)
                } else {
                    var generator = Xoshiro256(seed: Xoshiro256.mix(seed) &+ UInt64(index))
                    generator.fillNormal(values, deviation: deviation)
                }
            }
        }
    }

    /// The names, shapes and places of all weights in float32, in model order.
    public var entries: [ParameterLayout.Entry] { layout.parameters.entries }

    /// The same for a configuration, without taking memory for weights.
    public static func entries(of configuration: LlamaConfiguration) -> [ParameterLayout.Entry] {
        LlamaLayout(configuration).parameters.entries
    }

    /// One weight in float32 by its published name.
    public subscript(name: String) -> Tensor? { parameters[name] }
}
