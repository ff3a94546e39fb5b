// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// `${NAME}` in a recipe: a variable of the environment, put in before the recipe is sent. `${stage.field}` has a dot and
/// stays.
enum EnvironmentReference {
    /// The text with every variable's value. Throws `unresolvedReference` naming a variable that is not set.
    static func resolve(_ text: String, _ environment: [String: String]) throws(MessageError) -> String {
        guard text.contains("${") else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            result += rest[..<start.lowerBound]
            rest = rest[start.upperBound...]
            guard let end = rest.firstIndex(of: "}") else {
                result += "${"
                continue
            }
            let name = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
            guard isName(name) else {
                result += "${\(name)}"
                continue
            }
            guard let value = environment[name] else {
                throw MessageError(
                    .unresolvedReference, path: "",
                    detail: "${\(name)} is not set in the environment; export \(name)=… first"
                        + NearestName.of(name, among: environment.keys).map { ", or did you mean ${\($0)}?" }.orEmpty)
            }
            result += value
        }
        return result + rest
    }

    /// A variable's name (POSIX, section 3.216).
    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}

extension String? {
    fileprivate var orEmpty: String { self ?? "" }
}
