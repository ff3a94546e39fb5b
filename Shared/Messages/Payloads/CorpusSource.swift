// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Documents of one origin.
public struct CorpusSource: Codable, Sendable, Hashable {
    public var name: String
    public var domain: Domain
    /// A file, or a pattern with `*`.
    public var path: DataReference
    /// `text`, `jsonl`, or a publisher's layout such as `pubmedqa`; docs/recipes/README.md lists them.
    public var format: String
    /// The field that holds the text, for `jsonl`. Default `text`.
    public var field: String?
    /// Which records to take, counted from 0, such as `0..<400`. Default all.
    public var records: String?
    public var licence: String?
    /// Whether the owner forbids giving the text to others. Such data is never sent to a remote model.
    public var restricted: Bool?

    public init(
        name: String, domain: Domain, path: DataReference, format: String, field: String? = nil,
        records: String? = nil, licence: String? = nil, restricted: Bool? = nil
    ) {
        self.name = name
        self.domain = domain
        self.path = path
        self.format = format
        self.field = field
        self.records = records
        self.licence = licence
        self.restricted = restricted
    }

    func validate(_ path: String) throws(MessageError) {
        try Bound.notEmpty(name, "\(path).name")
        if let records { try RecordRange.check(records, "\(path).records") }
    }
}
