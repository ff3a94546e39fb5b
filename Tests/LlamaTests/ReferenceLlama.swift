// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Tensors

@testable import Llama

/// The forward pass in float64 by plain loops, from the formulas alone: its differences check the engine's gradients.
struct ReferenceLlama {
    let c: LlamaConfiguration
    let batch: TokenBatch
    let adapter: LoRAConfiguration?
    /// All weights and the adapter's matrices by name.
    var values: [String: [Double]]
    /// What each input of a target is multiplied by, [N, inputs], where inputs are dropped.
    var masks: [String: [Double]] = [:]

    init(_ model: LlamaModel, _ batch: TokenBatch) {
        c = model.configuration
        self.batch = batch
        adapter = model.adapter?.configuration
        values = [:]
        for set in [model.weights.parameters, model.adapter?.parameters].compactMap({ $0 }) {
            for entry in set.layout.entries { values[entry.name] = set[entry.name]?.values.map(Double.init) }
        }
    }

    /// Sum of the negative log-likelihoods of all targets, in nats.
    func loss() -> Double {
        let table = tensor("model.embed_tokens.weight")
        var stream = batch.ids.map { id in Array(table[Int(id) * c.hiddenSize..<(Int(id) + 1) * c.hiddenSize]) }
        for layer in 0..<c.layerCount { block(layer, &stream) }
        let head = c.tieWordEmbeddings ? table : tensor("lm_head.weight")
        var sum = 0.0
        for (row, target) in batch.targets.enumerated() where target != TokenBatch.ignored {
            let logits = product(norm(stream[row], "model.norm.weight"), head)
            let most = logits.max() ?? 0
            sum += log(logits.reduce(0) { $0 + exp($1 - most) }) + most - logits[Int(target)]
        }
        return sum
    }

    private func tensor(_ name: String) -> [Double] { values[name] ?? [] }

    private func block(_ layer: Int, _ stream: inout [[Double]]) {
        let prefix = "model.layers.\(layer)."
        let normed = stream.map { norm($0, prefix + "input_layernorm.weight") }
        var query = project(normed, prefix, .query)
        var key = project(normed, prefix, .key)
        let value = project(normed, prefix, .value)
        for row in stream.indices {
            rotate(&query[row], Double(batch.positions[row]))
            rotate(&key[row], Double(batch.positions[row]))
        }
        let mixed = project(attention(query, key, value), prefix, .output)
        for row in stream.indices { add(mixed[row], to: &stream[row]) }
        let second = stream.map { norm($0, prefix + "post_attention_layernorm.weight") }
        let gate = project(second, prefix, .gate)
        let up = project(second, prefix, .up)
        let activated = zip(gate, up).map { zip($0, $1).map { $0 / (1 + exp(-$0)) * $1 } }
        let down = project(activated, prefix, .down)
        for row in stream.indices { add(down[row], to: &stream[row]) }
    }

    private func project(_ x: [[Double]], _ prefix: String, _ target: LoRATarget) -> [[Double]] {
        let name = prefix + target.modulePath
        let weight = tensor(name + ".weight")
        var y = x.map { product($0, weight) }
        guard let adapter, let a = values[name + ".lora_A.weight"], let b = values[name + ".lora_B.weight"] else {
            return y
        }
        for row in x.indices {
            var input = x[row]
            if let mask = masks[name] {
                for column in input.indices { input[column] *= mask[row * input.count + column] }
            }
            add(product(product(input, a), b).map { $0 * Double(adapter.scale) }, to: &y[row])
        }
        return y
    }

    private func attention(_ query: [[Double]], _ key: [[Double]], _ value: [[Double]]) -> [[Double]] {
        var mixed = query.map { $0.map { _ in 0.0 } }
        let width = c.headDimension
        for span in batch.spans {
            for head in 0..<c.headCount {
                let (q, k) = (head * width, head / (c.headCount / c.keyValueHeadCount) * width)
                for row in span.start..<span.start + span.count {
                    let scores = (span.start...row).map { other in
                        let sum = (0..<width).reduce(0.0) { $0 + query[row][q + $1] * key[other][k + $1] }
                        return sum / Double(width).squareRoot()
                    }
                    let most = scores.max() ?? 0
                    let weights = scores.map { exp($0 - most) }
                    let sum = weights.reduce(0, +)
                    for (index, weight) in weights.enumerated() {
                        for place in 0..<width {
                            mixed[row][q + place] += weight / sum * value[span.start + index][k + place]
                        }
                    }
                }
            }
        }
        return mixed
    }

    private func rotate(_ x: inout [Double], _ position: Double) {
        let half = c.headDimension / 2
        for head in 0..<x.count / c.headDimension {
            for pair in 0..<half {
                let angle = position / pow(c.ropeTheta, Double(2 * pair) / Double(c.headDimension))
                let (first, second) = (head * c.headDimension + pair, head * c.headDimension + pair + half)
                (x[first], x[second]) = (
                    x[first] * cos(angle) - x[second] * sin(angle), x[second] * cos(angle) + x[first] * sin(angle)
                )
            }
        }
    }

    private func norm(_ x: [Double], _ name: String) -> [Double] {
        let scale = (x.reduce(0) { $0 + $1 * $1 } / Double(x.count) + Double(c.rmsNormEpsilon)).squareRoot()
        return zip(x, tensor(name)).map { $0 / scale * $1 }
    }

    /// W · x for W [out, in].
    private func product(_ x: [Double], _ weight: [Double]) -> [Double] {
        (0..<weight.count / x.count).map { row in
            var sum = 0.0
            for column in x.indices { sum += weight[row * x.count + column] * x[column] }
            return sum
        }
    }

    private func add(_ x: [Double], to y: inout [Double]) {
        for index in x.indices { y[index] += x[index] }
    }
}
