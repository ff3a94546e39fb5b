// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension TokenizerDocument {
    /// A pre-tokenizer, post-processor, decoder or normalizer with the settings that matter here.
    struct Component {
        private(set) var type = ""
        /// Those of a `Sequence`, which have no parts themselves.
        private(set) var parts: [Component] = []
        /// Of `Split`.
        private(set) var expression: [UInt8]?
        private(set) var behavior = ""
        private(set) var inverts = false
        /// Of `ByteLevel`.
        private(set) var addsPrefixSpace = true
        private(set) var usesExpression = true
        /// Of `TemplateProcessing`: the special tokens around a single text.
        private(set) var before: [[UInt8]] = []
        private(set) var after: [[UInt8]] = []

        /// Reads a component; nil for null.
        init?(_ scanner: inout JSONScanner, isPart: Bool = false) throws {
            if scanner.takeNull() { return nil }
            try scanner.object { scanner, key in
                switch String(decoding: key, as: UTF8.self) {
                // Cut, as error messages name it.
                case "type": type = String(decoding: try scanner.string().prefix(40), as: UTF8.self)
                case "pretokenizers", "processors", "normalizers", "decoders":
                    guard !isPart else { throw scanner.error("a sequence within a sequence") }
                    try scanner.array { scanner in
                        guard parts.count < 16, let part = try Component(&scanner, isPart: true) else {
                            throw scanner.error("a sequence with a null in it, or of more than 16 parts")
                        }
                        parts.append(part)
                    }
                case "pattern":
                    try scanner.object { scanner, key in
                        if key == Array("Regex".utf8) { expression = try scanner.string() } else { try scanner.skip() }
                    }
                case "behavior": behavior = String(decoding: try scanner.string().prefix(40), as: UTF8.self)
                case "invert": inverts = try scanner.boolean()
                case "add_prefix_space": addsPrefixSpace = try scanner.boolean()
                case "use_regex": usesExpression = try scanner.boolean()
                case "single": try readTemplate(&scanner)
                default: try scanner.skip()
                }
            }
        }

        /// Items are `{"SpecialToken": {"id": …}}` and one `{"Sequence": {"id": "A"}}`.
        private mutating func readTemplate(_ scanner: inout JSONScanner) throws {
            var isAfter = false
            try scanner.array { scanner in
                try scanner.object { scanner, kind in
                    var id: [UInt8]?
                    try scanner.object { scanner, key in
                        if key == Array("id".utf8) { id = try scanner.string() } else { try scanner.skip() }
                    }
                    if kind == Array("Sequence".utf8) {
                        isAfter = true
                    } else if let id {
                        if isAfter { after.append(id) } else { before.append(id) }
                    }
                }
            }
        }
    }
}
