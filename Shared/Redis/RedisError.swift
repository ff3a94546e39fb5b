// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why talking to Redis failed: what was being done, what went wrong and how to mend it.
///
/// Never quotes the value of an argument: those may be prompts, keys or passwords.
public struct RedisError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong, for callers that switch on it.
    public let code: Code

    /// The command or script that was running, such as `EVALSHA claim`.
    public let operation: String

    /// One clause a person can act on.
    public let detail: String

    /// Makes an error; `detail` must not hold argument values.
    public init(_ code: Code, operation: String, detail: String) {
        self.code = code
        self.operation = operation
        self.detail = detail
    }

    /// One line: operation, code and what to do.
    public var description: String { "Redis \(operation): \(code): \(detail)" }

    /// Whether the same call may succeed a little later with nothing changed by us.
    ///
    /// A call that was cut off may have been carried out: only repeat what is idempotent.
    public var isRetryable: Bool { code.isRetryable }
}

extension RedisError {
    /// The kind of a `RedisError`; a struct round an enum, so that kinds can be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case invalidConfiguration, authenticationFailed, notPermitted
            case connectFailed, tlsFailed, connectionLost, timedOut, cancelled, closed
            case protocolViolation, unexpectedReply, serverError
            case noScript, loading, busy, masterDown, readOnly, tryAgain, outOfMemory, misconfigured
        }

        private let kind: Kind

        private init(_ kind: Kind) { self.kind = kind }

        /// The URL or a setting is wrong.
        public static let invalidConfiguration = Code(.invalidConfiguration)
        /// Wrong or missing user or password.
        public static let authenticationFailed = Code(.authenticationFailed)
        /// The ACL user may not run the command, or not on these keys.
        public static let notPermitted = Code(.notPermitted)
        /// No connection could be made.
        public static let connectFailed = Code(.connectFailed)
        /// No encrypted connection could be agreed on, or a certificate was refused.
        public static let tlsFailed = Code(.tlsFailed)
        /// The connection ended; whether the command ran is unknown.
        public static let connectionLost = Code(.connectionLost)
        /// No answer in time; whether the command ran is unknown.
        public static let timedOut = Code(.timedOut)
        /// The calling task was cancelled.
        public static let cancelled = Code(.cancelled)
        /// The connection or the pool was closed by us.
        public static let closed = Code(.closed)
        /// The bytes received are not RESP, or exceed a bound.
        public static let protocolViolation = Code(.protocolViolation)
        /// A well-formed reply of a shape the caller does not know.
        public static let unexpectedReply = Code(.unexpectedReply)
        /// Any other error reply.
        public static let serverError = Code(.serverError)
        /// `NOSCRIPT`: the script cache is empty, as after a restart.
        public static let noScript = Code(.noScript)
        /// `LOADING`: the server is reading its data from disk.
        public static let loading = Code(.loading)
        /// `BUSY`: another client's script has been running too long.
        public static let busy = Code(.busy)
        /// `MASTERDOWN`: a replica lost its primary.
        public static let masterDown = Code(.masterDown)
        /// `READONLY`: a replica, after a failover.
        public static let readOnly = Code(.readOnly)
        /// `TRYAGAIN`: slots are moving.
        public static let tryAgain = Code(.tryAgain)
        /// `OOM`: `maxmemory` is reached.
        public static let outOfMemory = Code(.outOfMemory)
        /// `MISCONF`: the server cannot write to its disk.
        public static let misconfigured = Code(.misconfigured)

        /// Whether waiting and trying again is the right answer.
        public var isRetryable: Bool {
            switch kind {
            case .connectFailed, .connectionLost, .timedOut, .noScript, .loading, .busy, .masterDown, .readOnly,
                .tryAgain, .outOfMemory, .misconfigured:
                true
            case .invalidConfiguration, .authenticationFailed, .notPermitted, .tlsFailed, .cancelled, .closed,
                .protocolViolation,
                .unexpectedReply, .serverError:
                false
            }
        }

        /// The kind's name.
        public var description: String { kind.rawValue }

        /// The kind for the first word of an error reply.
        init(replyPrefix: Substring) {
            switch replyPrefix {
            case "NOSCRIPT": self = .noScript
            case "LOADING": self = .loading
            case "BUSY": self = .busy
            case "MASTERDOWN": self = .masterDown
            case "READONLY": self = .readOnly
            case "TRYAGAIN", "CLUSTERDOWN", "NOREPLICAS": self = .tryAgain
            case "OOM": self = .outOfMemory
            case "MISCONF": self = .misconfigured
            case "NOAUTH", "WRONGPASS": self = .authenticationFailed
            case "NOPERM": self = .notPermitted
            default: self = .serverError
            }
        }
    }
}
