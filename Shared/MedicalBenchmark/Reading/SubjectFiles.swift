// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Data sets with a file a subject and a folder a split: `test/anatomy_test.csv`, `dev/anatomy_dev.csv`.
///
/// A split is `test` (the default), `val` or `dev`, and `test/anatomy` is one subject of it; a location may also be a
/// folder of such files or one file.
struct SubjectFiles {
    /// `csv` or `tsv`.
    let fileExtension: String
    /// The subjects that count; nil for all.
    var subjects: Set<String>?

    static let letters = Array(OptionLetters.all.prefix(4))

    /// A question of four options as a file writes it.
    struct Question {
        let question: String
        let options: [String]
        /// One of `letters`.
        let answer: String

        /// The question and its options stand first in a record; nil where the answer is none of the letters.
        init?(_ fields: [String], answer: String) {
            guard fields.count > 5, SubjectFiles.letters.contains(answer) else { return nil }
            question = fields[0]
            options = Array(fields[1...4])
            self.answer = answer
        }
    }

    /// The items of a split: `questions` reads those of one file, whose name is their subject. An id is `anatomy/0`.
    func dataset(
        at location: URL, split: String?, questions: (DataFile) throws(BenchmarkError) -> [Question]
    ) throws(BenchmarkError) -> BenchmarkDataset {
        let files = try files(at: location, split: split)
        return try BenchmarkDataset(split: split, location: location, files: files) { file throws(BenchmarkError) in
            let subject = subject(of: file.name)
            return try questions(file).enumerated().map { index, question in
                BenchmarkItem(
                    id: "\(subject)/\(index)", question: question.question,
                    options: OptionLetters.options(question.options), labels: Self.letters, gold: question.answer,
                    subject: subject)
            }
        }
    }

    func files(at location: URL, split: String?) throws(BenchmarkError) -> [URL] {
        guard DataLocation.isFolder(location) else { return [location] }
        let parts = (split ?? "test").split(separator: "/", maxSplits: 1).map(String.init)
        let name = parts.first ?? "test"
        let inside = location.appending(path: name)
        let folder = DataLocation.isFolder(inside) ? inside : location
        let ending = "_\(name).\(fileExtension)"
        var files = try DataLocation.children(of: folder).filter { $0.pathExtension == fileExtension }
        if split != nil || files.contains(where: { $0.lastPathComponent.hasSuffix(ending) }) {
            files = files.filter { $0.lastPathComponent.hasSuffix(ending) }
        }
        if parts.count == 2 { files = files.filter { subject(of: $0.lastPathComponent) == parts[1] } }
        if let subjects { files = files.filter { subjects.contains(subject(of: $0.lastPathComponent)) } }
        guard !files.isEmpty else {
            throw BenchmarkError(
                .unreadable, location.path,
                "no \(fileExtension) file of split \"\(parts.joined(separator: "/"))\" in it",
                remedy:
                    "name a folder with test/SUBJECT_test.\(fileExtension) and its like, or the split as test/SUBJECT")
        }
        return files
    }

    /// The folder `dev` beside or in a location, whose records are the published shots.
    func shots(for location: URL) -> URL? {
        let folder = DataLocation.isFolder(location) ? location : location.deletingLastPathComponent()
        return [folder.appending(path: "dev"), folder.deletingLastPathComponent().appending(path: "dev")]
            .first(where: DataLocation.isFolder)
    }

    func subject(of fileName: String) -> String {
        var name = fileName.hasSuffix(".\(fileExtension)") ? String(fileName.dropLast(4)) : fileName
        for ending in ["_test", "_dev", "_val"] where name.hasSuffix(ending) { name.removeLast(ending.count) }
        return name
    }

    /// The first records of the item's subject in file order, as every harness does.
    func shots(
        _ count: Int, for item: BenchmarkItem, from pool: [BenchmarkItem]
    ) throws(BenchmarkError) -> [BenchmarkItem] {
        let usable = pool.filter { $0.subject == item.subject && !$0.asksTheSame(as: item) }
        guard usable.count >= count else {
            throw BenchmarkError(
                .invalidSetting, "shots",
                "\(count) are asked for, and \(item.subject ?? "the subject") has \(usable.count)",
                remedy: "ask for fewer, or name a folder of that subject's dev file in \"shotsData\"")
        }
        return Array(usable.prefix(count))
    }
}
