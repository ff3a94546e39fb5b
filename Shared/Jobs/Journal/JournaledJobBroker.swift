// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Logging
import Messages
public import ServiceLifecycle
import Synchronization

/// A broker that writes submissions down before it passes them on: what a client was told is accepted survives a queue
/// that forgets its last seconds.
///
/// As a service it watches for another server under the broker, and repeats on it what the last one may have lost.
/// Reading, and what workers do, goes straight through. docs/decisions/0013-submission-journal.md has the reasoning.
public final class JournaledJobBroker: JobBrokerWrapper, Service {
    /// Tells whether a job or run is known to have ended, beyond what the broker remembers.
    public typealias EndedCheck = @Sendable (String) async -> Bool

    /// The operation that errors of the journal itself name.
    public static let operation = "journal"

    public let base: any JobBroker
    let journal: SubmissionJournal
    let logger: Logger
    let clock: @Sendable () -> Int64
    let serverRunID: @Sendable () async throws(JobError) -> String
    let hasEnded: EndedCheck
    let index: Mutex<JournalIndex>
    let watch: Mutex<ServerWatch>

    /// - Parameters:
    ///   - serverRunID: the run id of the broker's server, another one after each start of it.
    ///   - hasEnded: what is known to have ended is not submitted again, though the broker has forgotten it.
    public init(
        base: any JobBroker, journal: SubmissionJournal, logger: Logger,
        clock: @escaping @Sendable () -> Int64 = InMemoryJobBroker.systemClock,
        serverRunID: @escaping @Sendable () async throws(JobError) -> String,
        hasEnded: @escaping EndedCheck = { _ in false }
    ) {
        self.base = base
        self.journal = journal
        self.logger = logger
        self.clock = clock
        self.serverRunID = serverRunID
        self.hasEnded = hasEnded
        index = Mutex(journal.opening)
        watch = Mutex(ServerWatch(server: nil, contact: journal.opening.contact))
    }

    /// What the journal has done so far.
    public var figures: SubmissionJournal.Figures { journal.figures }

    // MARK: Submitting

    public func submit(_ submission: JobSubmission) async throws(JobError) -> SubmitReceipt {
        let draft = try draft(submission)
        try await write([draft.frame])
        let receipt: SubmitReceipt
        do {
            receipt = try await base.submit(draft.submission)
        } catch {
            await refuse([draft.frame.record.entry])
            throw error
        }
        try await settle([(draft, receipt)])
        return receipt
    }

    public func submit(
        _ submissions: [JobSubmission]
    ) async throws(JobError) -> [Result<SubmitReceipt, JobError>] {
        guard submissions.count <= SubmissionCheck.maximumBulk else {
            throw SubmissionCheck.tooMany(submissions.count)
        }
        var answers: [Result<SubmitReceipt, JobError>?] = []
        var drafts: [(index: Int, draft: Draft)] = []
        for (index, submission) in submissions.enumerated() {
            do throws(JobError) {
                drafts.append((index, try draft(submission)))
                answers.append(nil)
            } catch {
                answers.append(.failure(error))
            }
        }
        try await write(drafts.map(\.draft.frame))
        let given: [Result<SubmitReceipt, JobError>]
        do {
            given = try await base.submit(drafts.map(\.draft.submission))
        } catch {
            await refuse(drafts.map(\.draft.frame.record.entry))
            throw error
        }
        var accepted: [(draft: Draft, receipt: SubmitReceipt)] = []
        var refused: [UInt64] = []
        for ((index, draft), answer) in zip(drafts, given) {
            answers[index] = answer
            switch answer {
            case .success(let receipt): accepted.append((draft, receipt))
            case .failure: refused.append(draft.frame.record.entry)
            }
        }
        await refuse(refused)
        try await settle(accepted)
        return answers.compactMap { $0 }
    }

    public func submit(_ submission: RunSubmission) async throws(JobError) -> RunSubmitReceipt {
        let operation = "submit run"
        var submission = submission
        let fresh = submission.id ?? RunID(FreshID.make())
        var record = journal.draft(.run)
        record.run = fresh
        if let key = submission.idempotencyKey {
            let body = try Self.json(submission.recipe, operation)
            record.key = JournalKey(tenant: submission.tenant, key: key, canonical: body)
        }
        switch index.withLock({ [record] in $0.claim(record) }) {
        case .conflict(let id): throw SubmissionCheck.conflict(operation, id)
        case .known(let id): record.run = RunID(id)
        case .new: break
        }
        submission.id = record.run
        try await write([JournalFrame(record, body: try Self.json(submission, operation))])
        let receipt: RunSubmitReceipt
        do {
            receipt = try await base.submit(submission)
        } catch {
            await refuse([record.entry])
            throw error
        }
        if receipt.id == submission.id {
            accept([record.entry])
        } else {
            // Under this key another run was accepted, before what the journal remembers: that one must survive.
            await refuse([record.entry])
            let found = try await base.run(receipt.id)
            if found?.state == .running {
                submission.id = receipt.id
                record = copy(of: record)
                record.run = receipt.id
                _ = index.withLock { [record] in $0.claim(record) }
                try await write([JournalFrame(record, body: try Self.json(submission, operation))])
                accept([record.entry])
            }
        }
        return receipt
    }

    /// A submission with its id, and its record.
    struct Draft {
        var submission: JobSubmission
        var frame: JournalFrame
    }

    func draft(_ submission: JobSubmission) throws(JobError) -> Draft {
        var submission = submission
        var record = journal.draft(.job)
        record.job = submission.id ?? JobID(FreshID.make())
        if let key = submission.idempotencyKey {
            // What the queue compares: the message and who asks.
            let body = try Self.json(submission.message, "submit") + (submission.parent?.rawValue ?? "").utf8
            record.key = JournalKey(tenant: submission.tenant, key: key, canonical: body)
        }
        switch index.withLock({ [record] in $0.claim(record) }) {
        case .conflict(let id): throw SubmissionCheck.conflict("submit", id)
        case .known(let id): record.job = JobID(id)
        case .new: break
        }
        submission.id = record.job
        return Draft(submission: submission, frame: JournalFrame(record, body: try Self.json(submission, "submit")))
    }

    /// Notes what the queue has accepted. Where it answers with another id, the key was used before the journal's
    /// memory, and that job must survive too.
    func settle(_ answers: [(draft: Draft, receipt: SubmitReceipt)]) async throws(JobError) {
        var accepted: [UInt64] = []
        var displaced: [UInt64] = []
        var frames: [JournalFrame] = []
        for (draft, receipt) in answers {
            guard receipt.id != draft.submission.id else {
                accepted.append(draft.frame.record.entry)
                continue
            }
            displaced.append(draft.frame.record.entry)
            guard !receipt.state.isTerminal else { continue }
            var submission = draft.submission
            submission.id = receipt.id
            var record = copy(of: draft.frame.record)
            record.job = receipt.id
            frames.append(JournalFrame(record, body: try Self.json(submission, "submit")))
        }
        accept(accepted)
        await refuse(displaced)
        guard !frames.isEmpty else { return }
        index.withLock { [frames] index in
            for frame in frames { _ = index.claim(frame.record) }
        }
        try await write(frames)
        accept(frames.map(\.record.entry))
    }

    private func copy(of record: JournalRecord) -> JournalRecord {
        var new = journal.draft(record.action)
        new.key = record.key
        return new
    }

    /// Writes submissions down; where that fails they are as if never made.
    func write(_ frames: [JournalFrame]) async throws(JobError) {
        do {
            try await journal.append(frames)
        } catch {
            index.withLock { index in
                for frame in frames { index.forget(frame.record.entry) }
            }
            throw error
        }
    }

    func accept(_ entries: [UInt64]) {
        guard !entries.isEmpty else { return }
        var record = journal.draft(.accepted)
        record.entries = entries
        journal.note([record])
    }

    /// Sees to it that these are not submitted again. The client is told after that is on the disk; where the disk takes
    /// no more, the journal says so in its log, and a replay may submit what was refused.
    func refuse(_ entries: [UInt64]) async {
        guard !entries.isEmpty else { return }
        index.withLock { index in
            for entry in entries { index.forget(entry) }
        }
        var record = journal.draft(.refused)
        record.entries = entries
        try? await journal.append([JournalFrame(record)])
    }

    static func json(_ value: some Encodable, _ operation: String) throws(JobError) -> [UInt8] {
        do {
            return Array(try MessageEncoder.encode(value))
        } catch {
            throw JobError(.malformed, operation: operation, detail: "the message has a number that JSON can't hold")
        }
    }
}
