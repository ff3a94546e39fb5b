// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// What the gateway answers; docs/api.md describes each.
enum Answers {
    struct Accepted: Codable, Sendable {
        var id: String
        var state: String
        var stages: [String]?
    }

    struct State: Codable, Sendable {
        var id: String
        var state: String
    }

    struct Jobs: Codable, Sendable {
        var jobs: [JobSnapshot]
        var next: String?
    }

    struct Runs: Codable, Sendable {
        var runs: [RunSnapshot]
    }

    struct Events: Codable, Sendable {
        var events: [JobEvent]
        var next: String?
        var ended: Bool
    }

    struct Queue: Codable, Sendable {
        var kind: JobKind
        var control: QueueControl
        var depth: [String: Int]
        var oldestReadySeconds: Double?
    }

    struct Queues: Codable, Sendable {
        var queues: [Queue]
    }

    struct Purged: Codable, Sendable {
        var purged: Int
    }

    struct DataRoots: Codable, Sendable {
        var roots: [String]
    }

    struct Artifact: Codable, Sendable {
        var id: ArtifactID
        var isFolder: Bool
        var size: Int
        var created: Int64
    }

    struct Artifacts: Codable, Sendable {
        var artifacts: [Artifact]
        var next: ArtifactID?
    }

    struct Folder: Codable, Sendable {
        struct File: Codable, Sendable {
            var path: String
            var size: Int
        }
        var id: ArtifactID
        var files: [File]
    }
}
