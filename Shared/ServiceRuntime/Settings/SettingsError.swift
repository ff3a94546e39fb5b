// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A setting that can't be used: which, from where, and how to mend it.
public struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable {
        case unreadableFile
        case malformedFile
        case unknownKey
        case invalidValue
    }

    public let code: Code
    /// Where it was said: `--redis-url`, `MELLAMA_REDIS_URL`, or the file and key.
    public let source: String
    public let detail: String

    public init(_ code: Code, source: String, detail: String) {
        self.code = code
        self.source = source
        self.detail = detail
    }

    public var description: String { "\(source): \(detail)" }
}
