// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// 2013 DDI: how two drugs of a sentence interact (Herrero-Zazo et al., 2013).
///
/// Layouts: TSV with `index`, `sentence` (both drugs replaced by `@DRUG$`) and `label`, as BLUE writes it; or the
/// corpus's own XML, of which each `pair` becomes such a record, its id the pair's.
public struct DDI2013: OpenBenchmarkTask {
    public let id = "ddi2013"
    public let name = "2013 DDI"
    public let source = "https://github.com/isegura/DDICorpus"
    public let answerKind = AnswerKind.relation
    /// Table A2 says "DDI-advice" where the data say "DDI-advise"; asked with it, a model may be offered that word only.
    public let prompts =
        PromptLibrary.tableA2("2013 DDI", slots: [.question], wordings: ["DDI-advise": "DDI-advice"])
        + PromptLibrary.code("2013 DDI")
    public let aliases = ["DDI-advice": "DDI-advise"]

    /// In the authors' order.
    static let labels = ["DDI-effect", "DDI-mechanism", "DDI-advise", "DDI-false", "DDI-int"]

    public init() {}

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        var files = try DataLocation.files(at: location, split: nil, extensions: ["tsv", "xml"])
        if files.count > 1 || split != nil {
            files = try DataLocation.files(at: location, split: split ?? "test", extensions: ["tsv", "xml"])
        }
        return try BenchmarkDataset(split: split, location: location, files: files) { file throws(BenchmarkError) in
            file.name.hasSuffix(".xml") ? try corpusItems(file) : try tableItems(file)
        }
    }

    private func tableItems(_ file: DataFile) throws(BenchmarkError) -> [BenchmarkItem] {
        let table = try DataTable(file, .tsv, columns: ["index", "sentence", "label"])
        var items: [BenchmarkItem] = []
        for row in table.rows {
            let label = row["label"] ?? ""
            guard Self.labels.contains(label) else {
                throw .record(
                    file.path, line: row.line, field: "label", "is none of \(Self.labels.joined(separator: ", "))",
                    remedy: RecordDecoder.layoutRemedy)
            }
            items.append(
                BenchmarkItem(id: row["index"] ?? "", question: row["sentence"] ?? "", labels: Self.labels, gold: label)
            )
        }
        return items
    }

    private func corpusItems(_ file: DataFile) throws(BenchmarkError) -> [BenchmarkItem] {
        var items: [BenchmarkItem] = []
        for sentence in try XMLElement.read(file).children("sentence") {
            let text = Array(try sentence.attribute("text", in: file.path).unicodeScalars)
            var places: [String: [Range<Int>]] = [:]
            for entity in sentence.children("entity") {
                let id = try entity.attribute("id", in: file.path)
                places[id] = try self.places(entity, in: text.count, file: file.path)
            }
            for pair in sentence.children("pair") {
                let drugs = [try pair.attribute("e1", in: file.path), try pair.attribute("e2", in: file.path)]
                var masked: [[Range<Int>]] = []
                for drug in drugs {
                    guard let place = places[drug] else {
                        throw .record(
                            file.path, line: pair.line, field: "e1", "names an entity that the sentence has not",
                            remedy: RecordDecoder.layoutRemedy)
                    }
                    masked.append(place)
                }
                items.append(
                    BenchmarkItem(
                        id: try pair.attribute("id", in: file.path), question: Self.mask(text, masked),
                        labels: Self.labels, gold: try label(of: pair, file: file.path)))
            }
        }
        return items
    }

    private func label(of pair: XMLElement, file: String) throws(BenchmarkError) -> String {
        guard try pair.attribute("ddi", in: file) == "true" else { return "DDI-false" }
        let label = "DDI-\(try pair.attribute("type", in: file))"
        guard Self.labels.contains(label) else {
            throw .record(
                file, line: pair.line, field: "type", "is none of effect, mechanism, advise, int",
                remedy: RecordDecoder.layoutRemedy)
        }
        return label
    }

    /// `charOffset` is `0-8`, both ends counted in; a drug in several pieces has several, joined by `;`.
    private func places(_ entity: XMLElement, in length: Int, file: String) throws(BenchmarkError) -> [Range<Int>] {
        var places: [Range<Int>] = []
        for piece in try entity.attribute("charOffset", in: file).split(separator: ";") {
            let ends = piece.split(separator: "-").map { Int($0) }
            guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 0, first <= last, last < length
            else {
                throw .record(
                    file, line: entity.line, field: "charOffset", "is no place in its sentence",
                    remedy: RecordDecoder.layoutRemedy)
            }
            places.append(first..<last + 1)
        }
        return places
    }

    /// Each drug's first piece becomes `@DRUG$`, its others vanish.
    private static func mask(_ text: [Unicode.Scalar], _ drugs: [[Range<Int>]]) -> String {
        var result = String.UnicodeScalarView()
        let firsts = Set(drugs.compactMap { $0.first?.lowerBound })
        for (index, scalar) in text.enumerated() {
            if firsts.contains(index) { result.append(contentsOf: "@DRUG$".unicodeScalars) }
            if !drugs.contains(where: { pieces in pieces.contains { $0.contains(index) } }) { result.append(scalar) }
        }
        return String(result)
    }
}
