// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Instruction samples of one origin.
public struct InstructionSource: Codable, Sendable, Equatable {
    /// How a source's files are laid out.
    public enum Format: String, Codable, Sendable, CaseIterable {
        /// Objects with `instruction`, `input` and `output`, as an array or JSON Lines; Table A1's "General domain data".
        case alpaca
        /// As MedAlpaca publishes WikiDoc: the instruction is always the same and is left out; "Patient Information QA".
        case wikidoc
        /// As AlpaCare publishes MedInstruct: `<noinput>` is an empty input; "MedInstruct".
        case medinstruct
        /// Objects with `output` and any of `instruction`, `input`, or `slots` (a list); no template unless one is named.
        case jsonl
        /// Objects with `conversations` (`from`, `value`) or `messages` (`role`, `content`); each answer is a sample, with
        /// what was said before it; "Medical conversation data".
        case conversations

        /// The Table A1 prompt of the layout; nil writes the prompt as it stands in the file.
        public var defaultTemplate: String? {
            switch self {
            case .alpaca: "General domain data"
            case .wikidoc: "Patient Information QA"
            case .medinstruct: "MedInstruct"
            case .jsonl: nil
            case .conversations: "Medical conversation data"
            }
        }

        /// The format of this name; throws the list of known ones.
        public init(name: String, source: String) throws {
            guard let format = Format(rawValue: name) else {
                let known = Format.allCases.map(\.rawValue).joined(separator: ", ")
                throw CorporaError(.configuration, source, "has the unknown format \"\(name)\"; use one of \(known)")
            }
            self = format
        }
    }

    /// What reports call it; unique in a dataset.
    public var name: String
    public var format: Format
    /// A file, or a pattern with `*` and `?`.
    public var path: String
    /// The name of a Table A1 prompt; nil takes the layout's own.
    public var template: String?
    /// At most so many samples, from the first.
    public var limit: Int?
    /// Which samples to take, counted from 0; nil takes all.
    public var records: Range<Int>?
    /// Samples whose prompts somebody else has written; nil reads them from the path.
    public var samples: [InstructionSample]?

    /// Names a source.
    public init(
        name: String, format: Format, path: String, template: String? = nil, limit: Int? = nil,
        records: Range<Int>? = nil
    ) {
        self.name = name
        self.format = format
        self.path = path
        self.template = template
        self.limit = limit
        self.records = records
    }

    /// Names a source of samples that are written already.
    public init(name: String, path: String, samples: [InstructionSample]) {
        self.init(name: name, format: .jsonl, path: path)
        self.samples = samples
    }
}
