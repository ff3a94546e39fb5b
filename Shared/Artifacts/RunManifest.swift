// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// What is kept of a run, or of a job that belongs to none, once it has ended and the queue has forgotten it: names,
/// states, times, counts, the artifacts, and what happened when.
///
/// No payload, no answer and no text of an error: a manifest is no clinical data, and is kept until somebody removes it.
public struct RunManifest: Codable, Sendable, Hashable {
    /// The version of this form.
    public static let version = 1

    public var version: Int
    /// The run with its stages; nil for a single job.
    public var run: RunSnapshot?
    /// The job that belongs to no run.
    public var job: JobSnapshot?
    /// The oldest first.
    public var events: [JobEvent]

    /// What may be kept of a run.
    public init(run: RunSnapshot, events: [JobEvent]) {
        var run = run
        run.stages = run.stages.map { $0.withoutText }
        version = Self.version
        self.run = run
        self.events = events.map { $0.withoutText }
    }

    /// What may be kept of a job.
    public init(job: JobSnapshot, events: [JobEvent]) {
        version = Self.version
        self.job = job.withoutText
        self.events = events.map { $0.withoutText }
    }

    /// The run's or the job's id, which names the manifest.
    public var id: String { run?.id.rawValue ?? job?.id.rawValue ?? "" }

    /// Its jobs: the stages, or the one.
    public var jobs: [JobSnapshot] { run?.stages ?? job.map { [$0] } ?? [] }

    /// The events of one of its jobs.
    public func events(of job: JobID) -> [JobEvent] { events.filter { $0.job == job } }

    /// The id of the manifest that tells of a job: a stage, `<run>.<stage>`, is told of in its run's.
    public static func id(of job: JobID) -> String {
        job.rawValue.split(separator: ".", maxSplits: 1).first.map(String.init) ?? job.rawValue
    }
}

extension JobSnapshot {
    /// Without what may hold text that a user submitted or a model wrote.
    var withoutText: JobSnapshot {
        var job = self
        job.error = job.error?.withoutText
        if let result {
            job.result?.output = result.output.flatMap(Self.artifacts)
            job.result?.error = result.error?.withoutText
        }
        return job
    }

    /// Of an output, the members that name artifacts.
    private static func artifacts(_ value: JSONValue) -> JSONValue? {
        switch value {
        case .string(let text): return ArtifactID(text).isWellFormed ? value : nil
        case .object(let members):
            let kept = members.compactMapValues(artifacts)
            return kept.isEmpty ? nil : .object(kept)
        default: return nil
        }
    }
}

extension JobEvent {
    var withoutText: JobEvent {
        var event = self
        event.error = error?.withoutText
        return event
    }
}

extension JobFailure {
    /// Type and title, which are fixed texts.
    var withoutText: JobFailure { JobFailure(type, title: title, detail: "", retryable: retryable) }
}
