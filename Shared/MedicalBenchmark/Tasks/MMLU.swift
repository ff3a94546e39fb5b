// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
public import FoundationEssentials

/// MMLU: multiple-choice questions of 57 subjects, the general-domain check (Hendrycks et al., 2021).
///
/// Layout: `dev/anatomy_dev.csv`, `test/anatomy_test.csv` …, no header: question, four options, letter. The subject
/// comes from the file's name. A split is `test` (the default), `val` or `dev`, and `test/anatomy` is one subject of
/// it; a location may also be a folder of such files or one file. An id is `anatomy/0`: subject and number in its file.
public struct MMLU: BenchmarkTask {
    public let id = "mmlu"
    public let name = "MMLU"
    public let answerKind = AnswerKind.letter
    public let prompts = [PromptLibrary.standardMMLU]

    public init() {}

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        let files = try self.files(at: location, split: split)
        var items: [BenchmarkItem] = []
        var digests = ""
        for url in files {
            let file = try DataFile(url)
            digests = files.count == 1 ? file.digest : digests + "\(file.digest)  \(file.name)\n"
            items += try read(file, subject: Self.subject(of: url))
        }
        let sha256 = files.count == 1 ? digests : SHA256.hexadecimal(of: digests)
        return try BenchmarkDataset(
            split: split ?? files.first.flatMap(DataLocation.split(of:)), file: location.path, sha256: sha256,
            items: items)
    }

    public var shotsSplit: String { "dev" }

    /// The folder's `dev`, whose five records a subject are the published shots.
    public func defaultShots(for location: URL) -> URL? {
        let folder = DataLocation.isFolder(location) ? location : location.deletingLastPathComponent()
        return [folder.appending(path: "dev"), folder.deletingLastPathComponent().appending(path: "dev")]
            .first(where: DataLocation.isFolder)
    }

    /// The first records of the item's subject in file order, as every harness does.
    public func shots(
        _ count: Int, for item: BenchmarkItem, from pool: [BenchmarkItem], seed: UInt64
    ) throws(BenchmarkError) -> [BenchmarkItem] {
        let usable = pool.filter {
            $0.subject == item.subject && !($0.question == item.question && $0.options == item.options)
        }
        guard usable.count >= count else {
            throw BenchmarkError(
                .invalidSetting, "shots",
                "\(count) are asked for, and \(item.subject ?? "the subject") has \(usable.count)",
                remedy: "ask for fewer, or name a folder of that subject's dev file in \"shotsData\"")
        }
        return Array(usable.prefix(count))
    }

    private func files(at location: URL, split: String?) throws(BenchmarkError) -> [URL] {
        guard DataLocation.isFolder(location) else { return [location] }
        let parts = (split ?? "test").split(separator: "/", maxSplits: 1).map(String.init)
        let name = parts.first ?? "test"
        let inside = location.appending(path: name)
        let folder = DataLocation.isFolder(inside) ? inside : location
        var files = try DataLocation.children(of: folder).filter { $0.pathExtension == "csv" }
        if split != nil || files.contains(where: { $0.lastPathComponent.hasSuffix("_\(name).csv") }) {
            files = files.filter { $0.lastPathComponent.hasSuffix("_\(name).csv") }
        }
        if parts.count == 2 { files = files.filter { Self.subject(of: $0) == parts[1] } }
        guard !files.isEmpty else {
            throw BenchmarkError(
                .unreadable, location.path, "no CSV file of split \"\(parts.joined(separator: "/"))\" in it",
                remedy: "name a folder with test/anatomy_test.csv and its like, or the split as test/anatomy")
        }
        return files
    }

    private static func subject(of url: URL) -> String {
        var name = url.deletingPathExtension().lastPathComponent
        for ending in ["_test", "_dev", "_val"] where name.hasSuffix(ending) { name.removeLast(ending.count) }
        return name
    }

    private func read(_ file: DataFile, subject: String) throws(BenchmarkError) -> [BenchmarkItem] {
        let letters = Array(OptionLetters.all.prefix(4))
        var items: [BenchmarkItem] = []
        for record in try CSVRecords.read(file.bytes, file: file.path) {
            guard record.fields.count == 6 else {
                throw .record(
                    file.path, line: record.line, field: nil, "has \(record.fields.count) fields, expected 6",
                    remedy: "give question, four options and the letter, without a header")
            }
            guard letters.contains(record.fields[5]) else {
                throw .record(
                    file.path, line: record.line, field: "answer", "is none of A, B, C, D",
                    remedy: "give question, four options and the letter, without a header")
            }
            items.append(
                BenchmarkItem(
                    id: "\(subject)/\(items.count)", question: record.fields[0],
                    options: OptionLetters.options(Array(record.fields[1...4])), labels: letters,
                    gold: record.fields[5], subject: subject))
        }
        return items
    }
}
