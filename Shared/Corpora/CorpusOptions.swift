// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a training corpus is made of, and how.
public struct CorpusOptions: Sendable, Equatable {
    /// The paper's mix, biomedical : clinical : general = 15 : 1 : 4 (Me LLaMA, "Continual pre-training data").
    public static let paperMix: [CorpusDomain: Double] = [.biomedical: 15, .clinical: 1, .general: 4]

    /// Where the documents come from.
    public var sources: [DocumentSource]
    /// Shares of the tokens by domain; only their ratio counts. Nil takes every document once, whatever the ratio.
    public var mix: [CorpusDomain: Double]?
    /// Tokens to make. Nil takes as many as the mix allows without taking any document twice.
    public var tokens: Int?
    /// Tokens of a row.
    public var sequenceLength: Int
    /// Decides the order of documents and which are held out.
    public var seed: UInt64
    /// The share of each domain's documents, 0 to 0.5, kept out of training.
    public var holdout: Double
    /// Whether a document with the words of an earlier one is left out.
    public var deduplicate: Bool
    /// Benchmarks whose items must not be in the text; see ``Decontaminator`` for the rule.
    public var decontaminate: [BenchmarkSource]
    /// A domain that is short of tokens is repeated at most so many times.
    public var maximumRepetitions: Double

    /// The defaults take the paper's mix without held-out text.
    public init(
        sources: [DocumentSource], mix: [CorpusDomain: Double]? = CorpusOptions.paperMix, tokens: Int? = nil,
        sequenceLength: Int, seed: UInt64 = 0, holdout: Double = 0, deduplicate: Bool = true,
        decontaminate: [BenchmarkSource] = [], maximumRepetitions: Double = 16
    ) {
        self.sources = sources
        self.mix = mix
        self.tokens = tokens
        self.sequenceLength = sequenceLength
        self.seed = seed
        self.holdout = holdout
        self.deduplicate = deduplicate
        self.decontaminate = decontaminate
        self.maximumRepetitions = maximumRepetitions
    }

    /// Throws where options contradict each other, before anything is read.
    public func validate() throws {
        func wrong(_ subject: String, _ what: String) -> CorporaError { CorporaError(.configuration, subject, what) }
        guard !sources.isEmpty else { throw wrong("sources", "is empty; name at least one source") }
        var names: Set<String> = []
        for source in sources where !names.insert(source.name).inserted {
            throw wrong("source \(source.name)", "is named twice; give each source its own name")
        }
        guard sequenceLength >= 2 else { throw wrong("sequenceLength", "is \(sequenceLength); at least 2 is needed") }
        guard (0...0.5).contains(holdout) else { throw wrong("holdout", "is \(holdout); give a share of 0 to 0.5") }
        guard maximumRepetitions >= 1 else { throw wrong("maximumRepetitions", "must be at least 1") }
        if let tokens, tokens < sequenceLength {
            throw wrong("tokens", "is \(tokens), less than one sequence of \(sequenceLength); ask for more")
        }
        guard let mix else { return }
        guard mix.values.allSatisfy({ $0 >= 0 && $0.isFinite }), mix.values.contains(where: { $0 > 0 }) else {
            throw wrong("mix", "needs shares of 0 or more, at least one of them above 0")
        }
        let present = Set(sources.map(\.domain))
        for domain in CorpusDomain.allCases {
            let isWanted = (mix[domain] ?? 0) > 0
            if isWanted, !present.contains(domain) {
                throw wrong("mix", "asks for \(domain.rawValue) text, but no source has any; add one or set it to 0")
            }
            if !isWanted, present.contains(domain) {
                throw wrong(
                    "mix", "has no share for \(domain.rawValue), but a source has it; give one or drop the source")
            }
        }
    }
}
