// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// An HTTP error body (RFC 9457, `application/problem+json`).
public struct ProblemDocument: Codable, Sendable, Hashable {
    /// A stable URI reference, such as `/problems/unknown-field`.
    public var type: String
    public var title: String
    public var status: Int
    /// What, where, and how to mend it.
    public var detail: String
    /// The path of the field at fault, where there is one.
    public var field: String?

    public init(type: String, title: String, status: Int, detail: String, field: String? = nil) {
        self.type = type
        self.title = title
        self.status = status
        self.detail = detail
        self.field = field
    }
}
