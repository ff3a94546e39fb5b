// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials

/// Reads the samples of an instruction source, prompts already written.
public struct InstructionReader: Sendable {
    /// What is read.
    public let source: InstructionSource
    private let template: InstructionTemplate?

    /// A reader of this source; throws if its template is not known.
    public init(_ source: InstructionSource) throws {
        self.source = source
        template = try (source.template ?? source.format.defaultTemplate).map { try InstructionTemplate.named($0) }
    }

    /// Hands every sample to `body` in file order; an empty answer is handed over too.
    ///
    /// Throws with file, line and byte where a file is not UTF-8, not the format or lacks a field; `emptySource` if
    /// there is no sample at all.
    public func forEach(_ body: (InstructionSample) throws -> Void) throws {
        var number = 0
        var count = 0
        func take(_ sample: InstructionSample) throws -> Bool {
            if let limit = source.limit, count >= limit { return false }
            defer { number += 1 }
            if let records = source.records, !records.contains(number) { return number < records.upperBound }
            count += 1
            try body(sample)
            return true
        }
        for sample in source.samples ?? [] { guard try take(sample) else { break } }
        files: for path in source.samples == nil ? try SourceFiles.matching(source.path) : [] {
            var scanner = try RecordScanner(try MappedFile(path: path), layout: .records)
            while let fields = try scanner.next() {
                for sample in try samples(fields) { guard try take(sample) else { break files } }
            }
        }
        guard count > 0 else {
            throw CorporaError(
                .emptySource, "source \(source.name)", "has no samples: \(number) were read from \(source.path)")
        }
    }

    private func samples(_ fields: RecordFields) throws -> [InstructionSample] {
        switch source.format {
        case .conversations: return try conversation(fields)
        case .jsonl where fields.values["slots"] != nil:
            return [try sample(slots: try fields.texts("slots"), fields, answer: try fields.text("output"))]
        case .wikidoc:
            return [try sample("", try fields.text("input"), fields)]
        case .medinstruct:
            let input = try fields.optionalText("input") ?? ""
            return [try sample(try fields.text("instruction"), input == "<noinput>" ? "" : input, fields)]
        case .alpaca:
            return [try sample(try fields.text("instruction"), try fields.optionalText("input") ?? "", fields)]
        case .jsonl:
            let instruction = try fields.optionalText("instruction"), input = try fields.optionalText("input")
            guard instruction != nil || input != nil else { throw fields.missing("instruction or input", "is missing") }
            return [try sample(instruction ?? "", input ?? "", fields)]
        }
    }

    /// Two slots take the instruction and the input; one takes both, a line each.
    private func sample(_ instruction: String, _ input: String, _ fields: RecordFields) throws -> InstructionSample {
        let answer = try fields.text("output")
        let both = [instruction, input].filter { !$0.isEmpty }
        guard template?.slotCount == 2 else {
            return try sample(slots: [both.joined(separator: "\n")], fields, answer: answer)
        }
        return try sample(slots: both.count == 1 ? both + [""] : [instruction, input], fields, answer: answer)
    }

    private func sample(slots: [String], _ fields: RecordFields, answer: String) throws -> InstructionSample {
        guard let template else {
            return InstructionSample(prompt: slots.joined(separator: "\n"), answer: trimmed(answer))
        }
        guard template.slotCount == slots.count else {
            throw CorporaError(
                .configuration, fields.path,
                "\(fields.place): gives \(slots.count) texts, the template \(template.name) has \(template.slotCount)"
                    + " slots; give a list slots of that length, or name another template")
        }
        return InstructionSample(template: template, slots: slots.map(trimmed), answer: trimmed(answer))
    }

    private func conversation(_ fields: RecordFields) throws -> [InstructionSample] {
        let name = fields.values["conversations"] == nil ? "messages" : "conversations"
        guard case .list(let turns)? = fields.values[name] else {
            throw fields.missing("conversations or messages", "is missing or not a list")
        }
        var said: [String] = []
        var samples: [InstructionSample] = []
        for turn in turns {
            guard case .fields(let values) = turn,
                case .text(let speaker)? = values["from"] ?? values["role"],
                case .text(let text)? = values["value"] ?? values["content"]
            else { throw fields.missing(name, "has a turn without speaker and text") }
            if speaker == "gpt" || speaker == "assistant", !said.isEmpty {
                samples.append(try sample(slots: [said.joined(separator: "\n")], fields, answer: text))
            }
            said.append(text)
        }
        guard !samples.isEmpty else { throw fields.missing(name, "has no answer after a question") }
        return samples
    }

    private func trimmed(_ text: String) -> String {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let bytes = Array(text.utf8)
        guard let first = bytes.firstIndex(where: { !isSpace($0) }),
            let last = bytes.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }
}
