// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// A prompt of the paper's instruction tuning (Me LLaMA, Table A1): fixed text with slots, `{text}` or `{Text}`.
public struct InstructionTemplate: Sendable, Equatable {
    /// Its name in Table A1; unique.
    public let name: String
    /// The text before, between and after the slots; one more than there are slots.
    public let parts: [String]

    /// How many slots there are.
    public var slotCount: Int { parts.count - 1 }

    /// Cuts a template at its slots.
    public init(name: String, template: String) {
        self.name = name
        var parts: [String] = []
        var current: [UInt8] = []
        let bytes = Array(template.utf8)
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: "{text}".utf8) || bytes[index...].starts(with: "{Text}".utf8) {
                parts.append(String(decoding: current, as: UTF8.self))
                current = []
                index += 6
            } else {
                current.append(bytes[index])
                index += 1
            }
        }
        self.parts = parts + [String(decoding: current, as: UTF8.self)]
    }

    /// The prompt with its slots filled; there must be ``slotCount`` of them. An empty slot leaves the rest as it is.
    public func filled(_ slots: [String]) -> String {
        var text = parts[0]
        for (slot, part) in zip(slots, parts.dropFirst()) { text += slot + part }
        return text
    }

    private struct File: Decodable {
        struct Prompt: Decodable {
            var name: String
            var template: String
        }
        var prompts: [Prompt]
    }

    /// The 22 prompts of Table A1, in the table's order, byte for byte. The table names its rows 10 and 13 alike,
    /// `Summarization`, with the same text; their names here say the row.
    public static let all: [InstructionTemplate] = {
        let file = try? JSONDecoder().decode(File.self, from: Data(PackageResources.instruction_prompts_json))
        return (file?.prompts ?? []).map { InstructionTemplate(name: $0.name, template: $0.template) }
    }()

    /// Sources of Table 5 that Table A1 names otherwise, and the name that two of its rows have.
    private static let aliases = [
        "wikidocpatient": "patient information qa", "alpaca": "general domain data", "dolly": "general domain data",
        "sharegpt": "general domain data", "healthcaremagic": "medical conversation data",
        "icliniq": "medical conversation data", "keywordsprediction": "topic prediction",
        "summarization": "summarization (row 10)",
    ]

    /// The prompt of this name in Table A1, or of this source in Table 5; letter case, spaces and hyphens don't count.
    public static func named(_ name: String) throws -> InstructionTemplate {
        let wanted = folded(aliases[folded(name)] ?? name)
        if let template = all.first(where: { folded($0.name) == wanted }) { return template }
        let known = all.map(\.name).joined(separator: ", ")
        throw CorporaError(.configuration, "template", "\"\(name)\" is no prompt of Table A1; use one of \(known)")
    }

    private static func folded(_ name: String) -> String {
        name.lowercased().filter { $0 != " " && $0 != "-" && $0 != "_" }
    }
}
