// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Jobs
import Messages

/// What a job's context stands on: the queue, or one process by itself.
protocol JobBackend: Sendable {
    var store: any ArtifactStore { get }

    /// Whether a later attempt may ask what this one has published.
    var keepsManifests: Bool { get }

    /// A path, or pattern, that a payload names: absolute, links resolved, allowed here.
    func locate(_ path: String) throws -> String

    /// Puts what a job made where its payload says.
    func deliver(_ path: String, to output: String, inside name: String?, for job: JobEnvelope) async throws -> String

    /// Publishes what a job made in the store.
    func publish(_ path: String, move: Bool, name: String, for job: JobEnvelope) async throws -> ArtifactID

    /// Asks for other jobs and answers their results, all with an output, in the order of the messages; `onFinish` hears
    /// how many are done.
    func ask(
        _ messages: [JobMessage], key: String, for job: JobEnvelope, control: JobControl,
        onFinish: @escaping @Sendable (Int) -> Void
    ) async throws -> [JobResult]

    /// Shows a part of an answer to whoever reads along; nobody waits for that.
    func publish(_ part: GenerationPart, of job: JobEnvelope, control: JobControl)

    func run(_ id: RunID) async throws -> RunSnapshot?
}
