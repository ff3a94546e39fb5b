// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Tensors

/// The parsed and checked header of a safetensors file.
struct SafetensorsHeader {
    private struct Item: Decodable {
        let dtype: String
        let shape: [Int]
        let offsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype
            case shape
            case offsets = "data_offsets"
        }
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private struct Items: Decodable {
        var tensors: [String: Item] = [:]
        var metadata: [String: String] = [:]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            for key in container.allKeys {
                if key.stringValue == "__metadata__" {
                    metadata = try container.decode([String: String].self, forKey: key)
                } else {
                    do { tensors[key.stringValue] = try container.decode(Item.self, forKey: key) } catch {
                        // A number that does not fit is reported without its place, so name the tensor here.
                        let path = (error as? DecodingError).map(SafetensorsHeader.path) ?? []
                        throw DecodingError.dataCorrupted(
                            DecodingError.Context(
                                codingPath: path.isEmpty ? [key] : path, debugDescription: "no tensor description"))
                    }
                }
            }
        }
    }

    let entries: [SafetensorsFile.Entry]
    let metadata: [String: String]

    /// Parses the header at the start of `file` and checks that every tensor's bytes exist, fit its shape and type, and
    /// that together they cover the data without gap or overlap.
    init(_ file: UnsafeRawBufferPointer, path: String) throws {
        func malformed(_ what: String) -> CheckpointError { CheckpointError(.malformed, "\(path): \(what)") }
        guard file.count >= 8 else {
            throw CheckpointError(
                .truncated, "\(path) is \(file.count) bytes long; a safetensors file has at least 8")
        }
        let claimed = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        guard claimed <= UInt64(SafetensorsFile.headerLimit) else {
            throw malformed(
                "the header claims \(claimed) bytes, more than \(SafetensorsFile.headerLimit); this is no safetensors")
        }
        let start = 8 + Int(claimed)
        guard start <= file.count else {
            throw CheckpointError(
                .truncated, "\(path) is truncated: the header needs \(start) bytes, the file has \(file.count)")
        }
        let items: Items
        do {
            items = try JSONDecoder().decode(Items.self, from: Data(file[8..<start]))
        } catch {
            throw malformed("the header is no valid safetensors JSON (\(Self.reason(error)))")
        }
        var entries: [SafetensorsFile.Entry] = []
        for (name, item) in items.tensors {
            guard let type = ElementType(rawValue: item.dtype) else {
                throw malformed("\(name) has the unknown type \(item.dtype.prefix(32))")
            }
            let shape = Shape(item.shape)
            guard item.shape.count <= 16, let count = shape.checkedCount,
                case let (bytes, overflow) = count.multipliedReportingOverflow(by: type.size), !overflow
            else { throw malformed("\(name) has the impossible shape \(shape)") }
            guard item.offsets.count == 2, item.offsets[0] >= 0, item.offsets[1] >= item.offsets[0],
                item.offsets[1] <= Int.max - start
            else { throw malformed("\(name) has the impossible offsets \(item.offsets)") }
            guard item.offsets[1] - item.offsets[0] == bytes else {
                throw malformed(
                    "\(name) of type \(item.dtype) and shape \(shape) needs \(bytes) bytes, its offsets "
                        + "\(item.offsets) span \(item.offsets[1] - item.offsets[0])")
            }
            entries.append(
                SafetensorsFile.Entry(
                    name: name, type: type, shape: shape,
                    range: start + item.offsets[0]..<start + item.offsets[1]))
        }
        entries.sort {
            ($0.range.lowerBound, $0.range.upperBound, $0.name)
                < ($1.range.lowerBound, $1.range.upperBound, $1.name)
        }
        var end = start
        for entry in entries {
            guard entry.range.lowerBound == end else {
                let kind = entry.range.lowerBound < end ? "overlaps the tensor before it" : "leaves a gap before it"
                throw malformed("\(entry.name) \(kind) at byte \(entry.range.lowerBound)")
            }
            end = entry.range.upperBound
        }
        guard end <= file.count else {
            throw CheckpointError(
                .truncated,
                "\(path) is truncated: its header describes \(end) bytes, the file has \(file.count); copy it again")
        }
        guard end == file.count else {
            throw malformed("the header describes \(end) bytes, the file has \(file.count)")
        }
        self.entries = entries
        self.metadata = items.metadata
    }

    /// What was wrong, without quoting the file.
    static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "unreadable" }
        let place = path(error).map(\.stringValue).joined(separator: ".")
        switch error {
        case .typeMismatch: return "wrong type at \(place)"
        case .valueNotFound: return "no value at \(place)"
        case .keyNotFound(let key, _): return "\(key.stringValue) is missing\(place.isEmpty ? "" : " at \(place)")"
        case .dataCorrupted: return place.isEmpty ? "not JSON" : "bad value at \(place)"
        @unknown default: return "unreadable"
        }
    }

    private static func path(_ error: DecodingError) -> [any CodingKey] {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            return context.codingPath
        @unknown default: return []
        }
    }
}
