// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Keeps what became of runs and jobs beyond the queue's memory.
public protocol RunArchive: Sendable {
    /// Keeps a manifest in place of an older one of the same run or job. Durable once `saveCursor` has returned.
    func record(_ manifest: RunManifest) async throws

    /// The manifest of a run or of a job that belongs to none.
    func manifest(_ id: String) async throws -> RunManifest?

    /// Whether there is one. One look at the disk.
    func holds(_ id: String) -> Bool

    /// Ids after `id` (nil: from the start), the newest first.
    func list(after id: String?, limit: Int) async throws -> [String]

    /// Forgets a run or a job.
    func remove(_ id: String) async throws

    /// How far the events of a queue have been followed; nil where never.
    func cursor(of namespace: String) async throws -> String?

    /// Keeps how far the events have been followed, and sees to it that all that was recorded is on the disk first.
    func saveCursor(_ cursor: String, of namespace: String) async throws
}
