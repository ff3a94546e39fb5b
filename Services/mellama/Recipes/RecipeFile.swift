// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages
import ServiceRuntime

/// A recipe as it stands in a file: read, `${NAME}` of the environment put in, checked.
struct RecipeFile: Sendable {
    static let maximumBytes = 16 << 20

    var recipe: Recipe
    /// The absolute folder that its relative paths start from.
    var folder: String

    /// Reads a file; `-` is refused, as paths need a folder. Throws one line with the file and the field at fault.
    init(path: String, environment: [String: String]) throws(MellamaError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw MellamaError("\(path): can't be read; check the name")
        }
        guard data.count <= Self.maximumBytes else {
            throw MellamaError("\(path): is larger than \(Self.maximumBytes) bytes; name data by path instead")
        }
        do {
            try self.init(
                text: String(decoding: data, as: UTF8.self), isJSON: path.hasSuffix(".json"),
                folder: LocalPath.parent(of: LocalPath.absolute(path)), environment: environment)
        } catch {
            throw MellamaError("\(path): \(error)")
        }
    }

    init(text: String, isJSON: Bool = false, folder: String, environment: [String: String]) throws(MessageError) {
        let document: JSONValue
        if isJSON {
            let parsed = try MessageDecoder.parse(Data(text.utf8))
            document = try Self.substituting(parsed, "", environment)
        } else {
            document = try YAMLDocument.parse(text) { (scalar) throws(MessageError) in
                try EnvironmentReference.resolve(scalar, environment)
            }
        }
        recipe = try MessageDecoder(policy: .strict).decode(Recipe.self, from: document)
        try recipe.validate()
        self.folder = folder
    }

    private static func substituting(
        _ value: JSONValue, _ path: String, _ environment: [String: String]
    ) throws(MessageError) -> JSONValue {
        switch value {
        case .string(let text):
            do {
                return .string(try EnvironmentReference.resolve(text, environment))
            } catch {
                throw error.below(path)
            }
        case .array(let items):
            var result: [JSONValue] = []
            for (index, item) in items.enumerated() {
                result.append(try substituting(item, "\(path)[\(index)]", environment))
            }
            return .array(result)
        case .object(let members):
            var result = members
            for (name, member) in members {
                result[name] = try substituting(member, path.isEmpty ? name : "\(path).\(name)", environment)
            }
            return .object(result)
        default: return value
        }
    }
}
