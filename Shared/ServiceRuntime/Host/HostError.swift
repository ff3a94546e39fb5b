// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why a service can't start or go on, in one line that says how to mend it.
public struct HostError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// Redis did not answer in time.
        case redisUnreachable
        /// Redis does not let this service in, or may lose jobs by its settings.
        case redisRefused
        /// A setting has a value that nothing can be done with.
        case invalidSetting
        /// The service's admin port does not answer as it should.
        case unhealthy
        /// A job file can't be read, or its result can't be written.
        case jobFile
    }

    public let code: Code
    public let detail: String

    public init(_ code: Code, detail: String) {
        self.code = code
        self.detail = detail
    }

    public var description: String { detail }
}
