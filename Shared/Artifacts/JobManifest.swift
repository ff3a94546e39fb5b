// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// What one job has published: the record that makes publishing happen once.
///
/// It belongs to the attempt with the largest fence that wrote it. A lower fence is refused; a higher one finds
/// `result` where an earlier attempt had finished its work and died before saying so.
public struct JobManifest: Codable, Sendable, Hashable {
    public struct Item: Codable, Sendable, Hashable {
        /// The handler's name for it, such as `model`.
        public var name: String
        public var artifact: ArtifactID
        public init(name: String, artifact: ArtifactID) {
            self.name = name
            self.artifact = artifact
        }
    }

    public var job: JobID
    public var fence: Fence
    public var items: [Item]
    /// Paths outside the store that the job wrote because its payload asked for it.
    public var outputs: [String]
    /// The job's result once all its work is published.
    public var result: JobResult?

    public init(
        job: JobID, fence: Fence, items: [Item] = [], outputs: [String] = [], result: JobResult? = nil
    ) {
        self.job = job
        self.fence = fence
        self.items = items
        self.outputs = outputs
        self.result = result
    }
}
