// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A part of a metrics page written from values at hand, rather than counted by this process.
///
/// Families come out in alphabetical order, each with what the catalogue says of it; a name that is not in the
/// catalogue is left out.
public struct PrometheusText: Sendable {
    private var families: [String: [String: Double]] = [:]

    public init() {}

    /// Sets a series.
    public mutating func set(_ name: String, _ labels: [(String, String)] = [], to value: Double) {
        families[name, default: [:]][PrometheusName.labels(labels)] = value
    }

    public var text: String {
        var page = ""
        for (name, series) in families.sorted(by: { $0.key < $1.key }) {
            guard let description = MetricCatalogue[name] else { continue }
            page += Self.head(name, description.kind, description.help)
            for (labels, value) in series.sorted(by: { $0.key < $1.key }) {
                page += PrometheusName.line(name, labels, value)
            }
        }
        return page
    }

    /// `# HELP` and `# TYPE`.
    static func head(_ name: String, _ kind: MetricDescription.Kind, _ help: String) -> String {
        "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }
}
