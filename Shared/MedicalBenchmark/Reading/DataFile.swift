// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials

/// The bytes of one data file, bounded, with the digest that results name.
struct DataFile {
    /// The largest file that is read; the largest published set (PubMedQA's artificial half) has 0.5 GB.
    static let maximumBytes: UInt64 = 2 << 30

    let path: String
    let bytes: [UInt8]

    init(_ url: URL) throws(BenchmarkError) {
        path = url.path
        let url = url.resolvingSymlinksInPath()
        let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
        guard let attributes, attributes[.type] as? FileAttributeType == .typeRegular else {
            throw BenchmarkError(
                .unreadable, path, "no such file",
                remedy: "name an existing file in the publisher's layout")
        }
        guard let size = attributes[.size] as? UInt64, size <= Self.maximumBytes else {
            throw BenchmarkError(
                .unreadable, path, "larger than \(Self.maximumBytes >> 30) GiB", remedy: "split it into smaller files")
        }
        guard let data = try? Data(contentsOf: url) else {
            throw BenchmarkError(
                .unreadable, path, "can't be read", remedy: "check its permissions")
        }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        digest = SHA256.hexadecimal(of: data)
        bytes = data.starts(with: mark) ? [UInt8](data.dropFirst(3)) : [UInt8](data)
    }

    /// SHA-256 of the file as it is on disk.
    let digest: String

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}
