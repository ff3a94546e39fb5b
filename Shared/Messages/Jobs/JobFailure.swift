// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why a job did not succeed, in the form of a problem document (RFC 9457). It never quotes a document or a prompt.
public struct JobFailure: Error, Codable, Sendable, Hashable, CustomStringConvertible {
    /// A stable slug that programs switch on, such as `bad-input`.
    public struct Kind: Identifier, ExpressibleByStringLiteral {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public init(stringLiteral value: String) { self.init(rawValue: value) }

        /// What the payload asks can't be done; the detail says how to mend it.
        public static let badInput: Kind = "bad-input"
        /// A path outside the data roots.
        public static let forbiddenPath: Kind = "forbidden-path"
        /// An artifact or file that is not there.
        public static let notFound: Kind = "not-found"
        /// The disk is full or can't be written.
        public static let storage: Kind = "storage"
        /// Data that must not leave this stack was to be sent to a remote model.
        public static let forbiddenData: Kind = "forbidden-data"
        /// A remote model that does not answer as it should.
        public static let remote: Kind = "remote"
        /// A process that trained together with others ended, or they could not be started.
        public static let ranks: Kind = "ranks"
        /// A job that this one asked for did not succeed.
        public static let childFailed: Kind = "child-failed"
        /// The job's worker died too often while holding it.
        public static let poison: Kind = "poison"
        /// The job was cancelled.
        public static let cancelled: Kind = "cancelled"
        /// The deadline passed.
        public static let expired: Kind = "expired"
        /// A parent stage did not succeed.
        public static let upstreamFailed: Kind = "upstream-failed"
        /// Anything that is our fault.
        public static let internalError: Kind = "internal-error"
    }

    public var type: Kind
    public var title: String
    /// What, where, and how to mend it, in one line.
    public var detail: String
    /// Whether trying again may help.
    public var retryable: Bool

    public init(_ type: Kind, title: String, detail: String, retryable: Bool = false) {
        self.type = type
        self.title = title
        self.detail = detail
        self.retryable = retryable
    }

    /// A permanent error in what was asked for.
    public static func badInput(_ detail: String) -> JobFailure {
        JobFailure(.badInput, title: "The job can't be done as asked", detail: detail)
    }

    /// A message that does not decode.
    public init(_ error: MessageError) { self = .badInput(error.description) }

    public var description: String { "\(title): \(detail)" }
}

extension JobFailure: JSONRepresentable {
    public var jsonValue: JSONValue {
        [
            "type": .string(type.rawValue), "title": .string(title), "detail": .string(detail),
            "retryable": .bool(retryable),
        ]
    }
}
