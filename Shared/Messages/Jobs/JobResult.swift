// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a finished job answers.
public struct JobResult: Codable, Sendable, Hashable {
    public enum Status: String, Codable, Sendable { case succeeded, failed, cancelled }

    public var status: Status
    /// The kind's output; nil unless it succeeded.
    public var output: JSONValue?
    public var error: JobFailure?
    /// Figures of the work itself, such as `seconds` or `tokensPerSecond`.
    public var metrics: [String: Double]
    /// What the job published.
    public var artifacts: [ArtifactID]

    public init(
        status: Status, output: JSONValue? = nil, error: JobFailure? = nil, metrics: [String: Double] = [:],
        artifacts: [ArtifactID] = []
    ) {
        self.status = status
        self.output = output
        self.error = error
        self.metrics = metrics
        self.artifacts = artifacts
    }

    private enum CodingKeys: String, CodingKey { case status, output, error, metrics, artifacts }

    /// Every field is written, `null` included: readers in other languages then need no special case.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(status, forKey: .status)
        try container.encode(output, forKey: .output)
        try container.encode(error, forKey: .error)
        try container.encode(metrics, forKey: .metrics)
        try container.encode(artifacts, forKey: .artifacts)
    }
}

extension JobResult: JSONRepresentable {
    public var jsonValue: JSONValue {
        [
            "status": .string(status.rawValue), "output": output ?? .null, "error": error?.jsonValue ?? .null,
            "metrics": .object(metrics.mapValues { .number($0) }),
            "artifacts": .array(artifacts.map { .string($0.rawValue) }),
        ]
    }
}
