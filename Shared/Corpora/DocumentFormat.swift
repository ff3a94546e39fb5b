// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How a source's files are laid out.
public enum DocumentFormat: String, Codable, Sendable, CaseIterable {
    /// A file is one document.
    case text
    /// A line is one document; empty lines are skipped.
    case lines
    /// Blocks of lines with empty lines between them are documents.
    case paragraphs
    /// JSON Lines; the document is the string in `field` (default `text`).
    case jsonl
    /// PubMedQA as published: an object of records by PMID; the document is the passages of `CONTEXTS`, a line each.
    case pubmedqa
    /// Hallmarks of Cancer as published: tab-separated with a header; the document is the column `text`.
    case hoc
    /// Alpaca as published: an array of objects; the document is `output`, or the string in `field`.
    case alpaca
    /// WikiDoc of MedAlpaca as published: an array of objects; the document is `output`, or the string in `field`.
    case wikidoc

    /// The format of this name; throws the list of known ones.
    public init(name: String, source: String) throws {
        guard let format = DocumentFormat(rawValue: name) else {
            let known = DocumentFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw CorporaError(.configuration, source, "has the unknown format \"\(name)\"; use one of \(known)")
        }
        self = format
    }
}
