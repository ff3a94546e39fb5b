// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Foundation

extension SampleList {
    private struct Line: Decodable {
        let input_ids: [Int32]
        let labels: [Int32]?
    }

    /// The longest line that is read, and the largest file: ids are held in memory.
    static let lineLimit = 64 << 20
    static let fileLimit = 4 << 30

    /// The rows of a JSON Lines file of `{"input_ids": [...], "labels": [...]}`; without labels every token is one.
    ///
    /// Throws an error with the line's number where a line is no such object or its two lists differ in length.
    public init(jsonLines file: URL) throws {
        let name = file.lastPathComponent
        guard let data = try? Data(contentsOf: file, options: .alwaysMapped) else {
            throw TrainingError(.invalidDataset, name, "cannot be read", remedy: "name a file this service may read")
        }
        guard data.count <= Self.fileLimit else {
            throw TrainingError(
                .invalidDataset, name, "has \(data.count) bytes, more than \(Self.fileLimit)",
                remedy: "make a dataset of token shards from it instead")
        }
        let decoder = JSONDecoder()
        var samples: [TrainingSample] = []
        var number = 0
        for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            guard line.contains(where: { $0 > UInt8(ascii: " ") }) else { continue }
            samples.append(try Self.sample(of: line, at: "\(name), line \(number)", decoder))
        }
        self.init(samples)
    }

    private static func sample(of line: Data, at place: String, _ decoder: JSONDecoder) throws -> TrainingSample {
        guard line.count <= lineLimit, let row = try? decoder.decode(Line.self, from: line) else {
            throw TrainingError(
                .invalidDataset, place, "is no object of input_ids and labels",
                remedy: #"write {"input_ids": [...], "labels": [...]} with whole numbers, -100 for no target"#)
        }
        let labels = row.labels ?? row.input_ids
        guard row.input_ids.count == labels.count else {
            throw TrainingError(
                .invalidDataset, place, "has \(row.input_ids.count) input_ids but \(labels.count) labels",
                remedy: "give each token one label")
        }
        return TrainingSample(ids: row.input_ids, labels: labels)
    }
}
