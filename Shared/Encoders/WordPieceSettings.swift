// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How text is prepared, as tokenizer_config.json says.
struct WordPieceSettings: Sendable, Decodable {
    var lowercases = true
    var stripsAccents = true
    var separatesIdeographs = true

    private enum Key: String, CodingKey {
        case lowercases = "do_lower_case"
        case stripsAccents = "strip_accents"
        case separatesIdeographs = "tokenize_chinese_chars"
    }

    /// The library's defaults.
    init() {}

    init(from decoder: any Decoder) throws {
        let file = try decoder.container(keyedBy: Key.self)
        lowercases = try file.decodeIfPresent(Bool.self, forKey: .lowercases) ?? true
        // Unless told otherwise, accents go where capitals go.
        stripsAccents = try file.decodeIfPresent(Bool.self, forKey: .stripsAccents) ?? lowercases
        separatesIdeographs = try file.decodeIfPresent(Bool.self, forKey: .separatesIdeographs) ?? true
    }
}
