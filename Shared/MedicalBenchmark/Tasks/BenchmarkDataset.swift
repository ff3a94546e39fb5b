// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials

/// The items of one split, in the order of their files.
public struct BenchmarkDataset: Sendable, Hashable {
    /// The split asked for, or the one that the file's name says.
    public let split: String?
    /// SHA-256 of the file; of several files, of their names and digests.
    public let sha256: String
    public let items: [BenchmarkItem]
    /// Every label of the set, also those that no selected item has.
    public let labels: [String]

    public init(split: String?, sha256: String, items: [BenchmarkItem], labels: [String]) {
        self.split = split
        self.sha256 = sha256
        self.items = items
        self.labels = labels
    }

    /// The items of several files; `read` gives those of one.
    init(
        split: String?, location: URL, files: [URL],
        read: (DataFile) throws(BenchmarkError) -> [BenchmarkItem]
    ) throws(BenchmarkError) {
        var items: [BenchmarkItem] = []
        var digests = ""
        for url in files {
            let file = try DataFile(url)
            digests += files.count == 1 ? file.digest : "\(file.digest)  \(file.name)\n"
            items += try read(file)
        }
        try self.init(
            split: split ?? files.first.flatMap(DataLocation.split(of:)),
            file: files.count == 1 ? files[0].path : location.path,
            sha256: files.count == 1 ? digests : SHA256.hexadecimal(of: digests), items: items)
    }

    /// The items of a file with the labels they offer, checked: at least one, and no id twice.
    init(split: String?, file: String, sha256: String, items: [BenchmarkItem]) throws(BenchmarkError) {
        guard !items.isEmpty else {
            throw BenchmarkError(.malformedRecord, file, "holds no record", remedy: RecordDecoder.layoutRemedy)
        }
        var ids: Set<String> = []
        for (index, item) in items.enumerated() where !ids.insert(item.id).inserted {
            throw BenchmarkError(
                .malformedRecord, "\(file), record \(index)", "has the id of an earlier record",
                remedy: "remove the duplicate")
        }
        let longest = items.max { $0.labels.count < $1.labels.count }
        self.init(split: split, sha256: sha256, items: items, labels: longest?.labels ?? [])
    }

    /// The records `range` counts from 0 in file order, and of these the first `limit`. Never shuffled: which items a
    /// limit takes depends on the file alone, so that two runs and two models are asked the same.
    public func selecting(records range: Range<Int>?, limit: Int?) throws(BenchmarkError) -> BenchmarkDataset {
        let range = range ?? 0..<items.count
        guard range.lowerBound >= 0, range.lowerBound < items.count, !range.isEmpty else {
            throw BenchmarkError(
                .invalidSetting, "records", "select nothing of \(items.count) records",
                remedy: "begin between 0 and \(items.count - 1)")
        }
        if let limit, limit < 1 {
            throw BenchmarkError(.invalidSetting, "limit", "is \(limit)", remedy: "give at least 1")
        }
        let selected = items[range.clamped(to: 0..<items.count)].prefix(limit ?? items.count)
        return BenchmarkDataset(split: split, sha256: sha256, items: Array(selected), labels: labels)
    }
}
