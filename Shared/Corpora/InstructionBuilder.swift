// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import Tokenization

/// What an instruction dataset is made of, and how.
public struct InstructionOptions: Sendable, Equatable {
    /// Where the samples come from.
    public var sources: [InstructionSource]
    /// No row is longer than this.
    public var sequenceLength: Int
    /// Whether several samples share a row, kept apart by their segments.
    public var packing: Bool
    /// Decides the order of samples.
    public var seed: UInt64

    /// Packs by default.
    public init(sources: [InstructionSource], sequenceLength: Int, packing: Bool = true, seed: UInt64 = 0) {
        self.sources = sources
        self.sequenceLength = sequenceLength
        self.packing = packing
        self.seed = seed
    }
}

/// What an instruction dataset came to.
public struct InstructionSummary: Codable, Sendable, Equatable {
    /// The folder of the dataset.
    public var dataset: String
    /// Samples by source.
    public var samples: [String: Int]
    /// Tokens by source, prompts included.
    public var tokens: [String: Int]
    /// Tokens that are learnt: answers and their ends, by source.
    public var answerTokens: [String: Int]
    /// Samples whose context was cut to fit.
    public var truncated: Int
    /// What was left out and why.
    public var dropped: [DroppedDocuments]
}

/// Builds an instruction dataset: prompts of Table A1 with their answers, in seeded order, prompts masked.
public enum InstructionBuilder {
    /// Builds the dataset folder `output`, which must be absent or empty, and says what was done.
    ///
    /// The same sources, options and tokenizer give the same bytes. On any error, and when cancelled, nothing stays.
    public static func build(
        _ options: InstructionOptions, tokenizer: any Tokenizer, output: String, control: BuildControl = BuildControl()
    ) throws -> InstructionSummary {
        try validate(options)
        let staged = try StagedFolder(finalPath: output)
        let encoder = InstructionEncoder(tokenizer: tokenizer, sequenceLength: options.sequenceLength)
        var summary = InstructionSummary(
            dataset: output, samples: [:], tokens: [:], answerTokens: [:], truncated: 0, dropped: [])
        var dropped = DropCounter()
        var samples: [InstructionEncoder.Encoded] = []
        var count = 0
        for source in options.sources {
            try InstructionReader(source).forEach { sample in
                try control.step("reading", count)
                count += 1
                guard !sample.answer.isEmpty, !sample.prompt.isEmpty else { return dropped.add(source.name, .empty) }
                guard let encoded = encoder.encode(sample) else { return dropped.add(source.name, .tooLong) }
                summary.samples[source.name, default: 0] += 1
                summary.tokens[source.name, default: 0] += encoded.ids.count
                summary.answerTokens[source.name, default: 0] += encoded.ids.count - encoded.promptCount
                if encoded.wasCut { summary.truncated += 1 }
                samples.append(encoded)
            }
        }
        summary.dropped = dropped.summary
        guard !samples.isEmpty else {
            throw CorporaError(
                .tooLittleText, "instructions",
                "none of \(count) samples is left, the others are empty or too long for \(options.sequenceLength)"
                    + " tokens; raise sequenceLength")
        }
        try write(samples, options, tokenizer, folder: staged.path, sources: summary.tokens, control: control)
        try staged.publish()
        return summary
    }

    private static func write(
        _ samples: [InstructionEncoder.Encoded], _ options: InstructionOptions, _ tokenizer: any Tokenizer,
        folder: String, sources: [String: Int], control: BuildControl
    ) throws {
        var order = Array(samples.indices)
        var random = SeededRandom(seed: options.seed, purpose: "order of samples")
        random.shuffle(&order)
        var packer = SamplePacker(sequenceLength: options.sequenceLength, packs: options.packing)
        var writer = DatasetWriter(
            folder: folder, tokenizer: tokenizer, sequenceLength: options.sequenceLength,
            packing: options.packing ? .isolated : .none)
        for (done, place) in order.enumerated() {
            try control.step("writing", done, of: order.count)
            for row in packer.add(samples[place]) { try writer.append(row) }
        }
        for row in packer.finish() { try writer.append(row) }
        _ = try writer.finish(sources: sources)
        try control.step("writing", order.count, of: order.count)
    }

    private static func validate(_ options: InstructionOptions) throws {
        guard !options.sources.isEmpty, options.sequenceLength >= 2 else {
            throw CorporaError(
                .configuration, "instructions", "need at least one source and a sequenceLength of 2 or more")
        }
        var names: Set<String> = []
        for source in options.sources where !names.insert(source.name).inserted {
            throw CorporaError(
                .configuration, "source \(source.name)", "is named twice; give each source its own name")
        }
    }
}
