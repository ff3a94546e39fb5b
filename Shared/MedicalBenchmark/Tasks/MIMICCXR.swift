// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// MIMIC-CXR: the impression of a radiology report from its findings (Johnson et al., 2019).
///
/// Layouts (physionet.org/content/mimic-cxr): the reports, a text file each (`files/p10/p10000032/s50414267.txt`), cut at
/// their headings; or `mimic_cxr_sectioned.csv` with `study`, `findings`, `impression`. An id is the study's. Reports
/// without both sections are passed over. With a split, `mimic-cxr-2.0.0-split.csv` in the same folder says which
/// studies it has.
public struct MIMICCXR: BenchmarkTask {
    public let id = "mimic-cxr"
    public let name = "MIMIC-CXR"
    public let source = "https://physionet.org/content/mimic-cxr (credentialed access)"
    public let answerKind = AnswerKind.summary
    public let prompts = PromptLibrary.tableA2("MIMIC-CXR", slots: [.context]) + PromptLibrary.code("MIMIC-CXR")

    public init() {}

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        var files = try DataLocation.files(at: location, split: nil, extensions: ["txt", "csv"])
        let splits = files.filter { $0.lastPathComponent.hasSuffix("-split.csv") }
        files.removeAll { splits.contains($0) }
        // The sections stand in the table already, where it is there.
        let tables = files.filter { $0.pathExtension == "csv" }
        if !tables.isEmpty { files = tables }
        guard !files.isEmpty else {
            throw BenchmarkError(
                .unreadable, location.path, "no report and no table of sections in it",
                remedy: "name the folder of the reports, or mimic_cxr_sectioned.csv")
        }
        var wanted: Set<String>?
        if let split, DataLocation.isFolder(location) {
            guard let table = splits.first else {
                throw BenchmarkError(
                    .unreadable, location.path,
                    "no mimic-cxr-2.0.0-split.csv in it, and split \"\(split)\" is asked for",
                    remedy: "put the publisher's table of splits beside the reports, unpacked, or leave out \"split\"")
            }
            wanted = try studies(of: split, in: DataFile(table))
        }
        return try BenchmarkDataset(split: split, location: location, files: files) { file throws(BenchmarkError) in
            let items = file.name.hasSuffix(".csv") ? try tableItems(file) : try reportItem(file)
            return wanted.map { studies in items.filter { studies.contains($0.id) } } ?? items
        }
    }

    private func studies(of split: String, in file: DataFile) throws(BenchmarkError) -> Set<String> {
        let table = try DataTable(file, .csv, columns: ["study_id", "split"])
        let name = ["val", "valid", "dev"].contains(split) ? "validate" : split
        return Set(table.rows.filter { $0["split"] == name }.compactMap { row in row["study_id"].map { "s\($0)" } })
    }

    private func tableItems(_ file: DataFile) throws(BenchmarkError) -> [BenchmarkItem] {
        try DataTable(file, .csv, columns: ["study", "findings", "impression"]).rows.compactMap { row in
            Self.item(row["study"] ?? "", findings: row["findings"] ?? "", impression: row["impression"] ?? "")
        }
    }

    private func reportItem(_ file: DataFile) throws(BenchmarkError) -> [BenchmarkItem] {
        guard let text = String(validating: file.bytes, as: UTF8.self) else {
            throw .record(file.path, line: 1, field: nil, "is no valid UTF-8", remedy: RecordDecoder.layoutRemedy)
        }
        var sections: [String: String] = [:]
        var open: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let (heading, rest) = Self.heading(line)
            if let heading { open = heading }
            if let open { sections[open, default: ""] += rest + "\n" }
        }
        let name = file.name.hasSuffix(".txt") ? String(file.name.dropLast(4)) : file.name
        return [
            Self.item(name, findings: sections["FINDINGS"] ?? "", impression: sections["IMPRESSION"] ?? "")
        ].compactMap { $0 }
    }

    /// `FINDINGS:` in capitals at the head of a line opens a section, and what stands behind it belongs to it.
    private static func heading(_ line: Substring) -> (heading: String?, rest: Substring) {
        let trimmed = line.drop(while: \.isWhitespace)
        guard let colon = trimmed.firstIndex(of: ":") else { return (nil, line) }
        let name = trimmed[..<colon]
        let isHeading =
            !name.isEmpty && name.count <= 40 && name.contains(where: \.isLetter)
            && name.allSatisfy { $0.isUppercase || $0.isWhitespace || $0 == "/" || $0 == "(" || $0 == ")" }
        return isHeading ? (String(name), trimmed[trimmed.index(after: colon)...]) : (nil, line)
    }

    private static func item(_ study: String, findings: String, impression: String) -> BenchmarkItem? {
        func squeezed(_ text: String) -> String { PythonText.split(text).joined(separator: " ") }
        let (passage, summary) = (squeezed(findings), squeezed(impression))
        guard !passage.isEmpty, !summary.isEmpty else { return nil }
        return BenchmarkItem(id: study, question: "", context: passage, labels: [], gold: summary)
    }
}
