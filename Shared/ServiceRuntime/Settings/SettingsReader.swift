// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Messages
import Yams

/// Settings as people gave them: flags over environment over a YAML file.
///
/// An empty environment variable counts as not given, as compose files leave them so.
public struct SettingsReader: Sendable {
    /// A settings file larger than this is refused.
    static let fileLimit = 1 << 20

    private struct Given {
        var text: String
        var source: String
    }

    private var values: [SettingKey: Given] = [:]

    /// - Parameters:
    ///   - flags: by flag name without dashes, such as `redis-url`.
    ///   - file: the path of a YAML file, from `--config` or `MELLAMA_CONFIG`.
    ///   - keys: every key that may be given; the file may hold no other.
    public init(
        flags: [String: String], environment: [String: String], file: String? = nil,
        keys: [SettingKey] = SettingKey.everyService
    ) throws(SettingsError) {
        let path = file ?? environment["MELLAMA_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
        if let path {
            for (key, text) in try Self.read(path, keys: keys) {
                values[key] = Given(text: text, source: "\(path): \(key.name)")
            }
        }
        for key in keys {
            if let text = environment[key.environment], !text.isEmpty {
                values[key] = Given(text: text, source: key.environment)
            }
            if let text = flags[key.flag] { values[key] = Given(text: text, source: "--\(key.flag)") }
        }
    }

    private static func read(_ path: String, keys: [SettingKey]) throws(SettingsError) -> [(SettingKey, String)] {
        let root: Node?
        do {
            let bytes = try FileSystem.read(path, limit: fileLimit)
            root = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self))
        } catch let error as ArtifactError {
            throw SettingsError(.unreadableFile, source: path, detail: error.detail)
        } catch {
            throw SettingsError(.malformedFile, source: path, detail: "is no valid YAML: \(oneLine(error))")
        }
        guard let root else { return [] }
        guard let mapping = root.mapping else {
            throw SettingsError(.malformedFile, source: path, detail: "must be a list of `key: value` lines")
        }
        let known = Set(keys + SettingKey.everyService + SettingKey.gatewayOnly).map(\.name)
        var found: [(SettingKey, String)] = []
        for (nameNode, value) in mapping {
            let name = nameNode.scalar?.string ?? ""
            guard known.contains(name) else {
                throw SettingsError(
                    .unknownKey, source: path,
                    detail: "unknown key \"\(name.prefix(60))\"" + NearestName.hint(for: name, among: known))
            }
            let text: String
            if let scalar = value.scalar {
                text = scalar.string
            } else if let items = value.sequence, items.allSatisfy({ $0.scalar != nil }) {
                text = items.compactMap { $0.scalar?.string }.joined(separator: ":")
            } else {
                throw SettingsError(
                    .invalidValue, source: "\(path): \(name)", detail: "must be one value, or a list of values")
            }
            found.append((SettingKey(name), text))
        }
        return found
    }

    private static func oneLine(_ error: any Error) -> String {
        "\(error)".split(whereSeparator: \.isNewline).first.map(String.init) ?? "syntax error"
    }

    public func string(_ key: SettingKey) -> String? { values[key]?.text }

    /// A list, its items parted by colons.
    public func list(_ key: SettingKey) -> [String]? {
        values[key]?.text.split(separator: ":").map(String.init)
    }

    public func integer(_ key: SettingKey, in range: ClosedRange<Int>) throws(SettingsError) -> Int? {
        guard let given = values[key] else { return nil }
        guard let number = Int(given.text), range.contains(number) else {
            throw SettingsError(
                .invalidValue, source: given.source,
                detail: "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    public func number(_ key: SettingKey, in range: ClosedRange<Double>) throws(SettingsError) -> Double? {
        guard let given = values[key] else { return nil }
        guard let number = Double(given.text), range.contains(number) else {
            throw SettingsError(
                .invalidValue, source: given.source,
                detail: "must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// One of fixed words.
    public func word(_ key: SettingKey, of words: [String]) throws(SettingsError) -> String? {
        guard let given = values[key] else { return nil }
        let word = given.text.lowercased()
        guard words.contains(word) else {
            throw SettingsError(
                .invalidValue, source: given.source,
                detail: "must be one of \(words.joined(separator: ", "))")
        }
        return word
    }

    public func flag(_ key: SettingKey) throws(SettingsError) -> Bool? {
        try word(key, of: ["true", "false", "1", "0", "yes", "no"]).map { ["true", "1", "yes"].contains($0) }
    }

    /// An amount of memory or disk in bytes: `8GiB`, `512MiB`, `1GB`, or a plain number.
    public func bytes(_ key: SettingKey) throws(SettingsError) -> Int? {
        guard let given = values[key] else { return nil }
        let units: [(String, Double)] = [
            ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("tib", 1_099_511_627_776), ("kb", 1e3),
            ("mb", 1e6), ("gb", 1e9), ("tb", 1e12), ("b", 1), ("", 1),
        ]
        let text = given.text.lowercased().filter { $0 != " " }
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = Double(text.dropLast(unit.count)), number > 0, number * factor < 1e15 else { break }
            return Int(number * factor)
        }
        throw SettingsError(.invalidValue, source: given.source, detail: "must be a size such as 8GiB or 512MiB")
    }

    /// An error about a value that only its user could judge.
    public func invalid(_ key: SettingKey, _ detail: String) -> SettingsError {
        SettingsError(.invalidValue, source: values[key]?.source ?? "--\(key.flag)", detail: detail)
    }
}
