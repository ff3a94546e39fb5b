// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// A stored artifact, as a list shows it.
public struct ArtifactDescription: Codable, Sendable, Hashable {
    public var id: ArtifactID
    public var isFolder: Bool
    /// Bytes of its files.
    public var size: Int
    /// When it was published, milliseconds since 1970.
    public var created: Int64
    public init(id: ArtifactID, isFolder: Bool, size: Int, created: Int64) {
        self.id = id
        self.isFolder = isFolder
        self.size = size
        self.created = created
    }
}

/// A file of a folder artifact.
public struct ArtifactEntry: Codable, Sendable, Hashable {
    /// Relative to the folder, with `/`.
    public var path: String
    public var size: Int
    public init(path: String, size: Int) {
        self.path = path
        self.size = size
    }
}
