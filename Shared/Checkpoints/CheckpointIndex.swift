// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials

/// model.safetensors.index.json: which file holds which tensor.
struct CheckpointIndex: Codable {
    struct Metadata: Codable {
        var totalParameters: Int?
        var totalSize: Int?

        enum CodingKeys: String, CodingKey {
            case totalParameters = "total_parameters"
            case totalSize = "total_size"
        }
    }

    var metadata: Metadata?
    var weightMap: [String: String]

    enum CodingKeys: String, CodingKey {
        case metadata
        case weightMap = "weight_map"
    }

    init(metadata: Metadata, weightMap: [String: String]) {
        self.metadata = metadata
        self.weightMap = weightMap
    }

    /// Reads an index whose file names stay inside its folder.
    init(reading url: URL) throws {
        let data = Data(try MappedFile.contents(path: url.path, largest: 100_000_000))
        do { self = try JSONDecoder().decode(CheckpointIndex.self, from: data) } catch {
            throw CheckpointError(.malformed, "\(url.path): \(SafetensorsHeader.reason(error))")
        }
        for name in Set(weightMap.values)
        where name.isEmpty || name.contains("/") || name.contains("\0") || name == "." || name == ".." {
            throw CheckpointError(.malformed, "\(url.path) names a file outside its folder")
        }
        guard Set(weightMap.values).count <= 10_000 else {
            throw CheckpointError(.malformed, "\(url.path) names more than 10000 files")
        }
    }
}
