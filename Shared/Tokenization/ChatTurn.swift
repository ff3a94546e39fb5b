// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One message of a conversation.
public struct ChatTurn: Sendable, Equatable {
    /// Who speaks.
    public enum Role: String, Sendable, CaseIterable {
        case system
        case user
        case assistant
    }

    /// Who speaks.
    public var role: Role
    /// What is said; nothing in it becomes a control token.
    public var content: String

    /// Makes a message.
    public init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }
}
