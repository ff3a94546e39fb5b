// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A prompt in the parts that matter for cutting it, and its answer.
public struct InstructionSample: Codable, Sendable, Equatable {
    /// The prompt before its context.
    public var head: String
    /// The part of the prompt that may lose its beginning when the sample is too long.
    public var context: String
    /// The prompt after its context.
    public var tail: String
    /// What the model is to learn.
    public var answer: String
    /// What stands between prompt and answer where that is known; nil tokenizes the answer on its own.
    public var separator: String?

    /// The whole prompt.
    public var prompt: String { head + context + tail }

    /// A sample as it stands.
    public init(head: String, context: String, tail: String, answer: String, separator: String? = nil) {
        self.head = head
        self.context = context
        self.tail = tail
        self.answer = answer
        self.separator = separator
    }

    /// Fills a template: its last slot that is not empty is the context.
    init(template: InstructionTemplate, slots: [String], answer: String) {
        let place = slots.lastIndex { !$0.isEmpty } ?? 0
        let before = template.parts[...place]
        let after = template.parts[(place + 1)...]
        head = zip(before, slots[..<place] + [""]).reduce("") { $0 + $1.0 + $1.1 }
        context = slots[place]
        tail = zip(after, slots[(place + 1)...] + [""]).reduce("") { $0 + $1.0 + $1.1 }
        self.answer = answer
    }

    /// A prompt as it stands. In the paper's form, what is between its last `CONTEXT:` and `OUTPUT:` is the context; any
    /// other prompt has none, as nothing says what could be left out.
    init(prompt: String, answer: String) {
        self.answer = answer
        let bytes = Array(prompt.utf8)
        let opening = Array("CONTEXT: ".utf8), closing = Array(" OUTPUT:".utf8)
        let start = Self.lastIndex(of: opening, in: bytes).map { $0 + opening.count }
        if let start, let end = Self.lastIndex(of: closing, in: bytes), end >= start {
            head = String(decoding: bytes[..<start], as: UTF8.self)
            context = String(decoding: bytes[start..<end], as: UTF8.self)
            tail = String(decoding: bytes[end...], as: UTF8.self)
        } else {
            (head, context, tail) = (prompt, "", "")
        }
    }

    private static func lastIndex(of needle: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= needle.count else { return nil }
        return stride(from: bytes.count - needle.count, through: 0, by: -1).first {
            bytes[$0..<$0 + needle.count].elementsEqual(needle)
        }
    }
}
