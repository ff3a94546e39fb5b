// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One turn of a conversation.
public struct ChatMessage: Codable, Sendable, Hashable {
    public enum Role: String, Codable, Sendable { case system, user, assistant }
    public var role: Role
    public var content: String
    public init(role: Role, content: String) {
        self.role = role
        self.content = content
    }
}
