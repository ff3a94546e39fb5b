// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a metric is: everything that a scraper and a reader of its page need to know of it but its value.
public struct MetricDescription: Sendable, Hashable {
    public enum Kind: String, Sendable { case counter, gauge, histogram }

    /// `mellama_<part>_<what>_<unit>`; OpenTelemetry's `http_server_…` where it has a name. Counters end with `_total`.
    public let name: String
    public let kind: Kind
    /// The labels' names.
    public let labels: [String]
    /// One sentence.
    public let help: String
    /// Upper bounds of a histogram's buckets, in the name's unit.
    let bounds: [Double]

    init(_ name: String, _ kind: Kind, _ labels: [String], bounds: [Double] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.bounds = bounds
        self.help = help
    }

    /// A metric without labels.
    init(_ name: String, _ kind: Kind, _ help: String) { self.init(name, kind, [], help) }
}
