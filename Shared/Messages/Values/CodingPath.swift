// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Paths into a message, written as people write them: `payload.requests[2].prompt`.
enum CodingPath {
    static func text(_ keys: [any CodingKey]) -> String {
        var text = ""
        for key in keys {
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                let name = isPlain(key.stringValue) ? key.stringValue : "…"
                text += text.isEmpty ? name : ".\(name)"
            }
        }
        return text
    }

    /// Whether a name may be told: what is no word without blanks may be a sentence of somebody's document.
    static func isPlain(_ name: some StringProtocol) -> Bool {
        !name.isEmpty && name.utf8.count <= 60 && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// A place in an array.
    struct Index: CodingKey {
        let intValue: Int?
        var stringValue: String { "\(intValue ?? 0)" }
        init(_ index: Int) { intValue = index }
        init?(intValue: Int) { self.init(intValue) }
        init?(stringValue: String) { nil }
    }
}

extension JSONValue {
    /// The value at a path such as `requests[2].prompt`, or nil where there is none.
    func value(at path: String) -> JSONValue? {
        var current = self
        for part in path.split(whereSeparator: { $0 == "." || $0 == "[" }) {
            if part.hasSuffix("]") {
                guard case .array(let items) = current, let index = Int(part.dropLast()), items.indices.contains(index)
                else { return nil }
                current = items[index]
            } else {
                guard let next = current[String(part)] else { return nil }
                current = next
            }
        }
        return current
    }
}
