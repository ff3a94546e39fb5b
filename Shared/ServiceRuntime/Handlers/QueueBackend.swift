// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Jobs
import Logging
import Messages

/// A job's surroundings in a stack: the broker and the shared artifact store.
struct QueueBackend: JobBackend {
    let broker: any JobBroker
    let store: any ArtifactStore
    let dataRoots: DataRoots
    let logger: Logger
    let parts: PartDesk
    var keepsManifests: Bool { true }

    init(broker: any JobBroker, store: any ArtifactStore, dataRoots: DataRoots, logger: Logger) {
        self.broker = broker
        self.store = store
        self.dataRoots = dataRoots
        self.logger = logger
        parts = PartDesk(broker: broker, logger: logger)
    }

    func locate(_ path: String) throws -> String { try dataRoots.check(path) }

    func deliver(
        _ path: String, to output: String, inside name: String?, for job: JobEnvelope
    ) async throws -> String {
        let target = try dataRoots.check(name.map { "\(output)/\($0)" } ?? output)
        let owned = try await store.manifest(of: job.id)?.outputs.contains(target) ?? false
        if !owned, FileSystem.exists(target), try !FileSystem.isEmptyFolder(target) {
            throw JobFailure.badInput(
                "payload.output: \"\(output.prefix(200))\" exists, and a job never replaces what it has not made; "
                    + "name another place")
        }
        // Said before it is done: a second attempt then knows the files for its own.
        try await store.updateManifest(of: job.id, fence: job.fence) { manifest in
            if !manifest.outputs.contains(target) { manifest.outputs.append(target) }
        }
        try await OwnThread.run { try FileSystem.deliver(path, to: target) }
        return target
    }

    func publish(_ path: String, move: Bool, name: String, for job: JobEnvelope) async throws -> ArtifactID {
        try await store.publish(
            contentsOf: path, transfer: move ? .move : .copy, for: job.id, fence: job.fence, name: name)
    }

    func publish(_ part: GenerationPart, of job: JobEnvelope, control: JobControl) {
        parts.publish(JobPart(job: job.id, fence: job.fence, part: part), control: control)
    }

    func run(_ id: RunID) async throws -> RunSnapshot? { try await broker.run(id) }
}
