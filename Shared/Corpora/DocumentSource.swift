// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Documents of one origin, for a training corpus.
public struct DocumentSource: Codable, Sendable, Equatable {
    /// What reports call it; unique in a corpus.
    public var name: String
    /// What kind of text it is.
    public var domain: CorpusDomain
    /// A file, or a pattern with `*` and `?` in any part of the path.
    public var path: String
    /// How the files are laid out.
    public var format: DocumentFormat
    /// The field that holds the text, where the format has fields.
    public var field: String?
    /// Which records to take, counted from 0 in file order over all files; nil takes all.
    public var records: Range<Int>?

    /// Names a source.
    public init(
        name: String, domain: CorpusDomain, path: String, format: DocumentFormat, field: String? = nil,
        records: Range<Int>? = nil
    ) {
        self.name = name
        self.domain = domain
        self.path = path
        self.format = format
        self.field = field
        self.records = records
    }
}
