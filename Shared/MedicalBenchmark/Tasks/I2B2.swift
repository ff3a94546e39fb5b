// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// 2012 i2b2: the problems, treatments and tests that a sentence of a clinical note names (Sun et al., 2013).
///
/// Layouts: the challenge's XML, a note a file, of which every line that is a sentence becomes an item (`12/3`: file and
/// line); or a table of the HTML form, CSV with `unprocessed` (prompt and sentence) and `processed` (the sentence marked
/// up), numbered from 0.
public struct I2B2: BenchmarkTask {
    public let id = "i2b2-2012"
    public let name = "2012 i2b2"
    public let source = "https://portal.dbmi.hms.harvard.edu/projects/n2c2-nlp (data use agreement)"
    public let answerKind = AnswerKind.markup
    public let prompts =
        PromptLibrary.tableA2("2012 i2b2", slots: [.question]) + PromptLibrary.code("2012 i2b2", name: "sibling/1")

    /// As the classes of the markup; the challenge's other types of events are none of the task.
    static let types = ["problem", "treatment", "test"]

    public init() {}

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        var files = try DataLocation.files(at: location, split: nil, extensions: ["xml", "csv"])
        if split != nil { files = try DataLocation.files(at: location, split: split, extensions: ["xml", "csv"]) }
        return try BenchmarkDataset(split: split, location: location, files: files) { file throws(BenchmarkError) in
            file.name.hasSuffix(".csv") ? try markedItems(file, types: Self.types) : try noteItems(file)
        }
    }

    /// The sentences of a table in the HTML form, with entities of any types.
    func markedItems(_ file: DataFile, types: [String]) throws(BenchmarkError) -> [BenchmarkItem] {
        try DataTable(file, .csv, columns: ["unprocessed", "processed"]).rows.map { row in
            let marked = PythonText.strip(row["processed"] ?? "")
            return BenchmarkItem(
                id: String(row.number), question: MarkedText(marked).plain, labels: types, gold: marked)
        }
    }

    private func noteItems(_ file: DataFile) throws(BenchmarkError) -> [BenchmarkItem] {
        let root = try XMLElement.read(file)
        guard let text = root.children("TEXT").first?.text, let tags = root.children("TAGS").first else {
            throw .record(
                file.path, line: root.line, field: nil, "has no TEXT or no TAGS", remedy: RecordDecoder.layoutRemedy)
        }
        let note = Array(text.unicodeScalars)
        var entities: [Entity] = []
        for event in tags.children("EVENT") {
            let type = try event.attribute("type", in: file.path).lowercased()
            guard Self.types.contains(type) else { continue }
            entities.append(Entity(type: type, range: try range(of: event, in: note, file: file.path)))
        }
        entities.sort { ($0.range.lowerBound, -$0.range.count) < ($1.range.lowerBound, -$1.range.count) }
        let name = file.name.hasSuffix(".xml") ? String(file.name.dropLast(4)) : file.name
        var items: [BenchmarkItem] = []
        var (start, number, next) = (0, 0, 0)
        for line in note.split(separator: "\n", omittingEmptySubsequences: false) {
            let range = start..<start + line.count
            start = range.upperBound + 1
            number += 1
            var own: [Entity] = []
            while next < entities.count, entities[next].range.lowerBound < range.upperBound {
                // One that goes on into the next line, or stands in another, can't be marked up.
                let entity = entities[next]
                let end = own.last?.range.upperBound ?? range.lowerBound
                if entity.range.upperBound <= range.upperBound, entity.range.lowerBound >= end { own.append(entity) }
                next += 1
            }
            guard line.contains(where: { !PythonText.isSpace($0) }) else { continue }
            items.append(
                BenchmarkItem(
                    id: "\(name)/\(number)", question: PythonText.strip(String(String.UnicodeScalarView(line))),
                    labels: Self.types, gold: PythonText.strip(Self.mark(note, range, own))))
        }
        return items
    }

    private struct Entity {
        let type: String
        let range: Range<Int>
    }

    /// `start` and `end` count characters of the text, from 0 where it begins with a line break and from 1 where the
    /// break was lost; `text` tells which.
    private func range(
        of event: XMLElement, in note: [Unicode.Scalar], file: String
    ) throws(BenchmarkError) -> Range<Int> {
        let written = Array(try event.attribute("text", in: file).unicodeScalars)
        // Any number may be written there.
        if let start = Int(try event.attribute("start", in: file)), start >= 0, !written.isEmpty {
            for first in [start, start - 1] where first >= 0 && first <= note.count - written.count {
                let range = first..<first + written.count
                if Self.isEqual(note[range], written) { return range }
            }
        }
        throw .record(
            file, line: event.line, field: "start", "is not where its text stands", remedy: RecordDecoder.layoutRemedy)
    }

    /// Up to white space: a line break in the note is a space in the attribute.
    private static func isEqual(_ one: ArraySlice<Unicode.Scalar>, _ other: [Unicode.Scalar]) -> Bool {
        zip(one, other).allSatisfy { $0 == $1 || PythonText.isSpace($0) && PythonText.isSpace($1) }
    }

    private static func mark(_ note: [Unicode.Scalar], _ line: Range<Int>, _ entities: [Entity]) -> String {
        func plain(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(note[range])) }
        var (result, place) = ("", line.lowerBound)
        for entity in entities {
            result += plain(place..<entity.range.lowerBound)
            result += "<span class=\"\(entity.type)\">\(plain(entity.range))</span>"
            place = entity.range.upperBound
        }
        return result + plain(place..<line.upperBound)
    }
}
