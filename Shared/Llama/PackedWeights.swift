// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The matrices of a model in bfloat16, each packed twice: for x · Wᵀ and for dy · W.
///
/// Invariant behind `@unchecked Sendable`: written only by `pack`, which its only holder calls.
final class PackedWeights: @unchecked Sendable {
    private struct Place {
        let weight: Int
        let outputs: Int
        let inputs: Int
        let forward: Int
        let backward: Int
    }

    private let places: [Place]
    private let arena = Arena()
    private let base: UnsafeMutablePointer<UInt16>

    /// Memory for the matrices of a model.
    init(_ c: LlamaConfiguration, _ layout: LlamaLayout) throws(LlamaError) {
        var places: [Place] = []
        var size = 0
        func add(_ weight: Int, _ outputs: Int, _ inputs: Int) {
            let forward = size
            let backward = forward + PackedMatrix.size(depth: inputs, columns: outputs)
            size = backward + PackedMatrix.size(depth: outputs, columns: inputs)
            places.append(
                Place(weight: weight, outputs: outputs, inputs: inputs, forward: forward, backward: backward))
        }
        for block in layout.blocks {
            for projection in Projection.allCases {
                add(projection.place(block), projection.outputs(c), projection.inputs(c))
            }
        }
        add(layout.head, c.vocabularySize, c.hiddenSize)
        self.places = places
        do { base = try arena.takeHalves(size) } catch {
            throw LlamaError(.outOfMemory, "\(size) bfloat16 weights: \(error.description)")
        }
    }

    /// Elements the packed matrices of a model take.
    static func size(_ c: LlamaConfiguration) -> Int {
        func both(_ outputs: Int, _ inputs: Int) -> Int {
            PackedMatrix.size(depth: inputs, columns: outputs) + PackedMatrix.size(depth: outputs, columns: inputs)
        }
        let block = Projection.allCases.reduce(0) { $0 + both($1.outputs(c), $1.inputs(c)) }
        return c.layerCount * block + both(c.vocabularySize, c.hiddenSize)
    }

    /// Rounds these weights into the packed matrices.
    func pack(_ weights: UnsafePointer<Float>) {
        var pieces: [(place: Place, rows: Range<Int>)] = []
        for place in places {
            let panel = PackedMatrix.panelColumns
            for first in stride(from: 0, to: place.outputs, by: panel) {
                pieces.append((place, first..<min(place.outputs, first + panel)))
            }
        }
        ThreadPool.shared.run(pieces.count) { index in
            let (place, rows) = pieces[index]
            PackedMatrix.packBothInThread(
                weights + place.weight, rows: rows, transposed: forward(place), straight: backward(place))
        }
    }

    /// Wᵀ [inputs, outputs] of a projection.
    func forward(_ layer: Int, _ projection: Projection) -> PackedMatrix { forward(place(layer, projection)) }

    /// W [outputs, inputs] of a projection.
    func backward(_ layer: Int, _ projection: Projection) -> PackedMatrix { backward(place(layer, projection)) }

    /// The output projection: [hidden, vocabulary] and [vocabulary, hidden].
    var forwardHead: PackedMatrix { forward(places[places.count - 1]) }
    var backwardHead: PackedMatrix { backward(places[places.count - 1]) }

    private func place(_ layer: Int, _ projection: Projection) -> Place {
        places[layer * Projection.allCases.count + projection.rawValue]
    }

    private func forward(_ place: Place) -> PackedMatrix {
        PackedMatrix(depth: place.inputs, columns: place.outputs, in: base + place.forward)
    }

    private func backward(_ place: Place) -> PackedMatrix {
        PackedMatrix(depth: place.outputs, columns: place.inputs, in: base + place.backward)
    }
}
