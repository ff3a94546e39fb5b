// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The same outputs scored under a profile.
public struct ProfileScores: Codable, Sendable, Hashable {
    public let profile: ScoringProfile
    public let metrics: [String: MetricEstimate]
    public let parseRate: Double
}
