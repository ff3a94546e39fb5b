// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Relative shares of the tokens by domain; only their ratio counts.
public struct DomainMix: Codable, Sendable, Hashable {
    /// 15 : 1 : 4 (Me LLaMA, Methods, continual pre-training data).
    public static let paper = DomainMix(biomedical: 15, clinical: 1, general: 4)

    public var biomedical: Double?
    public var clinical: Double?
    public var general: Double?

    public init(biomedical: Double? = nil, clinical: Double? = nil, general: Double? = nil) {
        self.biomedical = biomedical
        self.clinical = clinical
        self.general = general
    }

    /// The share of one domain, 0 where it is not named.
    public subscript(domain: Domain) -> Double {
        switch domain {
        case .biomedical: biomedical ?? 0
        case .clinical: clinical ?? 0
        case .general: general ?? 0
        }
    }

    func validate(_ path: String) throws(MessageError) {
        for domain in Domain.allCases {
            try Bound.require(
                self[domain] >= 0 && self[domain].isFinite, "\(path).\(domain.rawValue)", "a share can't be negative")
        }
        try Bound.require(
            Domain.allCases.contains { self[$0] > 0 }, path, "no domain has a share; give at least one above 0")
    }
}
