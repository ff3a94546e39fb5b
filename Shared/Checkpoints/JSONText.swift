// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Finishing touches to pretty-printed JSON.
enum JSONText {
    /// Fields Python's readers type as float.
    private static let floats: Set<String> = [
        "attention_dropout", "factor", "high_freq_factor", "initializer_range", "lora_dropout", "low_freq_factor",
        "rms_norm_eps", "rope_theta",
    ]

    /// The text with whole numbers of float fields written as `4.0`, and a line end.
    ///
    /// The encoder writes 4.0 as 4, and transformers warns of (or refuses) an integer where it wants a float.
    static func withFloats(_ json: Data) -> Data {
        let lines = String(decoding: json, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let mended = lines.map { line -> String in
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            guard parts.count == 3, floats.contains(String(parts[1])) else { return String(line) }
            let digits = parts[2].drop { !$0.isNumber && $0 != "-" }.prefix { $0.isNumber || $0 == "-" }
            let rest = parts[2][digits.endIndex...]
            guard !digits.isEmpty, rest.isEmpty || rest == "," else { return String(line) }
            return String(line.dropLast(rest.count)) + ".0" + rest
        }
        return Data((mended.joined(separator: "\n") + "\n").utf8)
    }
}
