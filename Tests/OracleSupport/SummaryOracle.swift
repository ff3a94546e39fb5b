// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Foundation

/// bert_score's figures as a benchmark's files: the references a data set's abstracts, the candidates saved outputs.
public struct SummaryOracle {
    private struct Row: Decodable {
        struct Score: Decodable {
            let p, r, f: Double
        }

        let candidate: String
        let reference: String
        let plain: Score
        let idf: Score
    }

    private struct Scored: Decodable {
        struct Similarity: Decodable {
            struct Score: Decodable {
                let precision, recall, f1: Double
            }

            let score: Score
        }

        let similarity: Similarity
    }

    private struct Article: Encodable {
        let id: String
        let text: [String]
        let abstract: [String]

        enum CodingKeys: String, CodingKey {
            case id = "article_id"
            case text = "article_text"
            case abstract = "abstract_text"
        }
    }

    private struct Output: Encodable {
        let id: String
        let output: String
    }

    private let rows: [Row]

    /// Writes the folder `encoder`, and the files `test.txt` and `outputs.jsonl`. Nil where the oracles have none.
    public init?(writingTo folder: URL) throws {
        guard let (source, rows) = try OutsideData.oracleRows(of: Row.self).first,
            let encoder = OutsideData.folders(below: source, where: { $0.holds("vocab.txt") }).first
        else { return nil }
        self.rows = rows
        try FileManager.default.copyItem(at: encoder, to: folder.appending(path: "encoder"))
        func write(_ lines: [some Encodable], _ name: String) throws {
            let text = try lines.map { try JSONEncoder().encode($0) + Data("\n".utf8) }.reduce(Data(), +)
            try text.write(to: folder.appending(path: name))
        }
        try write(
            rows.enumerated().map { index, row in
                Article(id: "\(index)", text: ["An article."], abstract: ["<S>\(row.reference)</S>"])
            }, "test.txt")
        try write(rows.enumerated().map { Output(id: "\($0)", output: $1.candidate) }, "outputs.jsonl")
    }

    /// The mean of bert_score's F.
    public func mean(idf: Bool) -> Double {
        rows.reduce(0) { $0 + (idf ? $1.idf : $1.plain).f } / Double(rows.count)
    }

    /// Where an evaluation's rows differ from bert_score by 1e-5 or more, in precision, recall or F.
    public func faults(of file: URL, idf: Bool) throws -> [String] {
        let scored = try file.jsonLines(as: Scored.self)
        guard scored.count == rows.count else { return ["\(scored.count) rows for \(rows.count)"] }
        return zip(rows, scored).enumerated().flatMap { index, pair in
            let (theirs, ours) = (idf ? pair.0.idf : pair.0.plain, pair.1.similarity.score)
            return [(theirs.p, ours.precision), (theirs.r, ours.recall), (theirs.f, ours.f1)]
                .filter { abs($0 - $1) >= 1e-5 }.map { "row \(index): \($1) for \($0)" }
        }
    }
}
