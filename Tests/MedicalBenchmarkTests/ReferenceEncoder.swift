// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// A BERT encoder written down plainly, for the metric's test alone: enough to give the oracle's little model its vectors.
struct ReferenceEncoder {
    private struct Configuration: Decodable {
        let heads: Int
        let epsilon: Double

        enum CodingKeys: String, CodingKey {
            case heads = "num_attention_heads"
            case epsilon = "layer_norm_eps"
        }
    }

    private struct Entry: Decodable {
        let shape: [Int]
        let offsets: [Int]

        enum CodingKeys: String, CodingKey {
            case shape
            case offsets = "data_offsets"
        }
    }

    private struct Matrix {
        let rows: Int
        let columns: Int
        let values: [Double]

        subscript(row: Int, column: Int) -> Double { values[row * columns + column] }
    }

    private let configuration: Configuration
    private var tensors: [String: Matrix] = [:]

    init(folder: URL) throws {
        configuration = try JSONDecoder().decode(
            Configuration.self, from: Data(contentsOf: folder.appending(path: "config.json")))
        let bytes = [UInt8](try Data(contentsOf: folder.appending(path: "model.safetensors")))
        let length = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any] ?? [:]
        for (name, value) in header where name != "__metadata__" {
            let entry = try JSONDecoder().decode(Entry.self, from: JSONSerialization.data(withJSONObject: value))
            let place = 8 + length + entry.offsets[0]
            let count = entry.shape.reduce(1, *)
            let values = (0..<count).map { index in
                let bits = (0..<4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[place + 4 * index + $1]) }
                return Double(Float(bitPattern: bits))
            }
            let columns = entry.shape.last ?? 1
            tensors[name] = Matrix(rows: count / max(1, columns), columns: columns, values: values)
        }
    }

    /// The vectors after so many blocks, a row a token.
    func vectors(ids: [Int32], layer: Int) -> [[Double]] {
        let words = tensor("embeddings.word_embeddings.weight")
        let places = tensor("embeddings.position_embeddings.weight")
        let types = tensor("embeddings.token_type_embeddings.weight")
        var hidden = ids.enumerated().map { place, id in
            (0..<words.columns).map { words[Int(id), $0] + places[place, $0] + types[0, $0] }
        }
        hidden = hidden.map { normalised($0, "embeddings.LayerNorm") }
        for block in 0..<layer { hidden = self.block(hidden, "encoder.layer.\(block)") }
        return hidden
    }

    private func block(_ input: [[Double]], _ name: String) -> [[Double]] {
        let attended = attention(input, "\(name).attention.self").map {
            dense($0, "\(name).attention.output.dense")
        }
        let middle = zip(input, attended).map {
            normalised(zip($0, $1).map(+), "\(name).attention.output.LayerNorm")
        }
        return middle.map { row in
            let wide = dense(row, "\(name).intermediate.dense").map { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
            return normalised(zip(row, dense(wide, "\(name).output.dense")).map(+), "\(name).output.LayerNorm")
        }
    }

    private func attention(_ input: [[Double]], _ name: String) -> [[Double]] {
        let (query, key, value) = (
            input.map { dense($0, "\(name).query") }, input.map { dense($0, "\(name).key") },
            input.map { dense($0, "\(name).value") }
        )
        let size = (input.first?.count ?? 0) / configuration.heads
        return input.indices.map { row in
            (0..<configuration.heads).flatMap { head -> [Double] in
                let part = head * size..<(head + 1) * size
                let scores = input.indices.map { other in
                    part.reduce(0) { $0 + query[row][$1] * key[other][$1] } / Double(size).squareRoot()
                }
                let top = scores.max() ?? 0
                let shares = scores.map { exp($0 - top) }
                let sum = shares.reduce(0, +)
                return part.map { column in
                    input.indices.reduce(0) { $0 + shares[$1] / sum * value[$1][column] }
                }
            }
        }
    }

    private func dense(_ input: [Double], _ name: String) -> [Double] {
        let (weight, bias) = (tensor("\(name).weight"), tensor("\(name).bias"))
        return (0..<weight.rows).map { row in
            input.indices.reduce(bias.values[row]) { $0 + weight[row, $1] * input[$1] }
        }
    }

    private func normalised(_ input: [Double], _ name: String) -> [Double] {
        let mean = input.reduce(0, +) / Double(input.count)
        let variance = input.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(input.count)
        let scale = 1 / (variance + configuration.epsilon).squareRoot()
        let (weight, bias) = (tensor("\(name).weight").values, tensor("\(name).bias").values)
        return input.indices.map { (input[$0] - mean) * scale * weight[$0] + bias[$0] }
    }

    private func tensor(_ name: String) -> Matrix { tensors[name] ?? Matrix(rows: 0, columns: 0, values: []) }
}
