// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Foundation
import Logging
import Messages
import Redis
import Testing

extension StackFixture {
    /// Checks that a run's jobs ended once, published once, and that nothing else was published.
    func expectPublishedOnce(_ run: RunSnapshot, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let store = DirectoryArtifactStore(root: artifacts, logger: Logger(label: "test"))
        let redis = try await RedisConnection.connect(to: RedisConfiguration(endpoint: .unix(path: redisSocket)))
        let events = try await gateway.events("/v1/runs/\(run.id)")
        var published: Set<String> = []
        for job in run.stages {
            let successes = events.count { $0.job == job.id && $0.state == .succeeded }
            #expect(successes == 1, "\(job.id) succeeded \(successes) times", sourceLocation: sourceLocation)
            let artifacts = try #require(job.result?.artifacts, sourceLocation: sourceLocation)
            let manifest = try await store.manifest(of: job.id)
            #expect((manifest == nil) == artifacts.isEmpty, "\(job.id)", sourceLocation: sourceLocation)
            guard let manifest else { continue }
            // The fence under which the queue took the result is the fence of the attempt that published.
            let winner = try await redis.send(RedisCommand("HGET", "mq:{mellama}:job:\(job.id)", "done"))
            #expect(winner.string == "\(manifest.fence)", "\(job.id)", sourceLocation: sourceLocation)
            #expect(manifest.items.map(\.artifact) == artifacts, "\(job.id)", sourceLocation: sourceLocation)
            #expect(manifest.result == job.result, "\(job.id)", sourceLocation: sourceLocation)
            published.formUnion(artifacts.map { String($0.digest) })
        }
        await redis.close()
        // A second publication with other content would be one more name here.
        let stored = try FileManager.default.contentsOfDirectory(atPath: "\(artifacts)/sha256")
        #expect(Set(stored) == published, sourceLocation: sourceLocation)
        // No job that has ended keeps its workspace.
        let workspaces = try FileManager.default.contentsOfDirectory(atPath: "\(artifacts)/workspaces")
        #expect(workspaces.isEmpty, "\(workspaces)", sourceLocation: sourceLocation)
    }
}
