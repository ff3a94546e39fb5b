// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Synchronization
import TestSupport
import Testing

@testable import Jobs

@Suite("A gateway's journal over a queue that forgets")
struct JournalBrokerTests {
    /// A journalled broker over a queue in memory, which may be exchanged for an empty one: a server that lost it all.
    final class Stand: Sendable {
        let folder: String
        let clock = ManualClock()
        let queue: Mutex<any JobBroker>
        let server = Mutex("first")

        init(folder: String) {
            self.folder = folder
            queue = Mutex(InMemoryJobBroker(clock: { [clock] in clock.now }))
        }

        func broker(hasEnded: @escaping JournaledJobBroker.EndedCheck = { _ in false }) async throws
            -> JournaledJobBroker
        {
            let journal = try await SubmissionJournal.open(
                folder: folder, logger: .quiet, clock: { [clock] in clock.now })
            let broker = JournaledJobBroker(
                base: ForwardingBroker(self), journal: journal, logger: .quiet, clock: { [clock] in clock.now },
                serverRunID: { [self] in server.withLock { $0 } }, hasEnded: hasEnded)
            _ = try await broker.checkServer()
            return broker
        }

        /// Another server, which holds nothing.
        func loseAll() {
            queue.withLock { $0 = InMemoryJobBroker(clock: { [clock] in clock.now }) }
            server.withLock { $0 += "+" }
        }

        var now: any JobBroker { queue.withLock { $0 } }
    }

    static func with(_ body: (Stand) async throws -> Void) async throws {
        try await JournalFolderFixture.with { try await body(Stand(folder: $0)) }
    }

    static func job(_ text: String, key: String? = nil) -> JobSubmission {
        JobSubmission(
            message: JobMessage(kind: .tokenizeText, payload: ["texts": [.string(text)]]), idempotencyKey: key)
    }

    static let recipe = Recipe(
        name: "two",
        stages: [
            "vocabulary": RecipeStage(
                kind: .tokenizeTrain, payload: ["sources": ["a.txt"], "vocabularySize": 512]),
            "ids": RecipeStage(
                kind: .tokenizeText, payload: ["tokenizer": "${vocabulary.tokenizer}", "texts": ["fever"]]),
        ])

    @Test("What was accepted is there again on another server, with its id, and only once")
    func replay() async throws {
        try await Self.with { stand in
            let broker = try await stand.broker()
            var ids: [JobID] = []
            for index in 0..<150 { ids.append(try await broker.submit(Self.job("\(index)")).id) }
            let run = try await broker.submit(RunSubmission(recipe: Self.recipe)).id
            #expect(try await broker.checkServer() == nil)
            stand.loseAll()
            #expect(try await broker.checkServer() == 151)
            for id in ids { #expect(try await broker.job(id)?.state == .ready) }
            #expect(try await broker.run(run)?.stages.count == 2)
            #expect(try await stand.now.jobs(JobFilter(limit: 1000)).jobs.count == 152)
            #expect(try await broker.checkServer() == nil)
        }
    }

    @Test("The next gateway on the same folder replays too; on the same server only what nobody was told of")
    func nextGateway() async throws {
        try await Self.with { stand in
            var broker = try await stand.broker()
            let id = try await broker.submit(Self.job("a")).id
            stand.clock.advance(by: .seconds(60))
            _ = try await broker.checkServer()
            await broker.journal.close()
            // Written down, and then the process died: its client knows nothing.
            let journal = try await SubmissionJournal.open(
                folder: stand.folder, logger: .quiet, clock: { stand.clock.now })
            var record = journal.draft(.job)
            record.job = "unknown"
            var submission = Self.job("b")
            submission.id = "unknown"
            try await journal.append([JournalFrame(record, body: Array(try MessageEncoder.encode(submission)))])
            await journal.close()
            _ = try await stand.now.cancel(id)
            broker = try await stand.broker()
            #expect(try await broker.job("unknown")?.state == .ready)
            #expect(try await broker.job(id)?.state == .cancelled)
            await broker.journal.close()
            stand.loseAll()
            broker = try await stand.broker()
            #expect(try await broker.job("unknown") != nil)
            #expect(try await broker.job(id) != nil)
        }
    }

    @Test("What the queue refused is not submitted by a replay")
    func refusals() async throws {
        try await Self.with { stand in
            let broker = try await stand.broker()
            var orphan = Self.job("orphan")
            orphan.parent = "nobody"
            await #expect(throws: JobError.self) { try await broker.submit(orphan) }
            stand.loseAll()
            #expect(try await broker.checkServer() == 0)
            #expect(try await stand.now.jobs(JobFilter()).jobs.isEmpty)
        }
    }

    @Test("The same key is the same job, and another body a conflict, before and after a loss and a restart")
    func keys() async throws {
        try await Self.with { stand in
            var broker = try await stand.broker()
            let first = try await broker.submit(Self.job("a", key: "k"))
            let second = try await broker.submit(Self.job("a", key: "k"))
            #expect(second.id == first.id && second.isDuplicate)
            let run = try await broker.submit(RunSubmission(recipe: Self.recipe, idempotencyKey: "k")).id
            // Lost, and the replay has not yet been: the client asks again.
            stand.loseAll()
            #expect(try await broker.submit(Self.job("a", key: "k")).id == first.id)
            #expect(try await broker.submit(RunSubmission(recipe: Self.recipe, idempotencyKey: "k")).id == run)
            stand.loseAll()
            await broker.journal.close()
            broker = try await stand.broker()
            let error = await #expect(throws: JobError.self) { try await broker.submit(Self.job("b", key: "k")) }
            #expect(error?.code == .conflict)
            var other = Self.recipe
            other.name = "three"
            await #expect(throws: JobError.self) {
                try await broker.submit(RunSubmission(recipe: other, idempotencyKey: "k"))
            }
            var stranger = Self.job("b", key: "k")
            stranger.tenant = "other"
            #expect(try await broker.submit(stranger).id != first.id)
            #expect(try await stand.now.jobs(JobFilter()).jobs.count == 4)
        }
    }

    @Test("A key that the queue knows longer than the journal keeps its job alive too")
    func olderKey() async throws {
        try await Self.with { stand in
            let broker = try await stand.broker()
            let old = try await stand.now.submit(Self.job("a", key: "k")).id
            let again = try await broker.submit(Self.job("a", key: "k"))
            #expect(again.id == old && again.isDuplicate)
            let run = try await stand.now.submit(RunSubmission(recipe: Self.recipe, idempotencyKey: "k")).id
            #expect(try await broker.submit(RunSubmission(recipe: Self.recipe, idempotencyKey: "k")).id == run)
            stand.loseAll()
            #expect(try await broker.checkServer() == 2)
            #expect(try await broker.job(old) != nil)
            #expect(try await broker.run(run) != nil)
            #expect(try await stand.now.jobs(JobFilter()).jobs.count == 3)
        }
    }

    @Test("A replay does not bring back what a person cancelled; a retry since then counts")
    func steering() async throws {
        try await Self.with { stand in
            let broker = try await stand.broker()
            let cancelled = try await broker.submit(Self.job("a")).id
            _ = try await broker.cancel(cancelled)
            let run = try await broker.submit(RunSubmission(recipe: Self.recipe)).id
            try await broker.cancel(run)
            let retried = try await broker.submit(Self.job("c")).id
            _ = try await broker.cancel(retried)
            _ = try await broker.retry(retried)
            stand.loseAll()
            #expect(try await broker.checkServer() == 3)
            #expect(try await broker.job(cancelled)?.state == .cancelled)
            #expect(try await broker.run(run)?.state == .cancelled)
            #expect(try await broker.job(retried)?.state == .ready)
        }
    }

    @Test("A cancellation that the queue lost is repeated, and so is a retry")
    func lostSteering() async throws {
        try await Self.with { stand in
            let broker = try await stand.broker()
            let cancelled = try await broker.submit(Self.job("a")).id
            let retried = try await broker.submit(Self.job("b")).id
            _ = try await stand.now.cancel(retried)
            // The journal has them; the queue that comes back is the one from before.
            await broker.steer(.cancel, job: cancelled)
            stand.clock.advance(by: .seconds(1))
            await broker.steer(.retry, job: retried)
            stand.server.withLock { $0 += "+" }
            #expect(try await broker.checkServer() == 0)
            #expect(try await broker.job(cancelled)?.state == .cancelled)
            #expect(try await broker.job(retried)?.state == .ready)
        }
    }

    @Test("What is known to have ended is not submitted again, unless it was tried again")
    func ended() async throws {
        try await Self.with { stand in
            let ids = Mutex<Set<String>>([])
            let broker = try await stand.broker(hasEnded: { id in ids.withLock { $0.contains(id) } })
            let ended = try await broker.submit(Self.job("a")).id
            let retried = try await broker.submit(Self.job("b")).id
            _ = try await broker.cancel(retried)
            _ = try await broker.retry(retried)
            ids.withLock { $0 = [ended.rawValue, retried.rawValue] }
            stand.loseAll()
            #expect(try await broker.checkServer() == 1)
            #expect(try await broker.job(ended) == nil)
            #expect(try await broker.job(retried)?.state == .ready)
        }
    }

    @Test("Older submissions than the window are left to the server; a server that was long away makes it longer")
    func window() async throws {
        try await Self.with { stand in
            let broker = try await stand.broker()
            let old = try await broker.submit(Self.job("old")).id
            for _ in 0..<12 {
                stand.clock.advance(by: .seconds(60))
                _ = try await broker.checkServer()
            }
            let young = try await broker.submit(Self.job("young")).id
            stand.loseAll()
            // An hour of silence.
            stand.clock.advance(by: .seconds(3600))
            #expect(try await broker.checkServer() == 1)
            #expect(try await broker.job(old) == nil)
            #expect(try await broker.job(young) != nil)
        }
    }

    @Test("What can't be journalled is refused as unavailable, and the queue never hears of it; then it goes on")
    func fullDisk() async throws {
        try await Self.with { stand in
            let broker = try await stand.broker()
            // The next segment lies on a device that is always full.
            #expect(symlink("/dev/full", "\(stand.folder)/000000000001.journal") == 0)
            let error = await #expect(throws: JobError.self) { try await broker.submit(Self.job("a", key: "k")) }
            #expect(error?.code == .unavailable)
            #expect(error?.detail.contains("No space left on device") == true)
            #expect(try await stand.now.jobs(JobFilter()).jobs.isEmpty)
            // The key was not used up, and the disk has room again.
            let id = try await broker.submit(Self.job("b", key: "k")).id
            stand.loseAll()
            #expect(try await broker.checkServer() == 1)
            #expect(try await stand.now.jobs(JobFilter()).jobs.map(\.id) == [id])
        }
    }

    @Test("A gateway that stops takes nothing more")
    func closed() async throws {
        try await Self.with { stand in
            let broker = try await stand.broker()
            await broker.journal.close()
            let error = await #expect(throws: JobError.self) { try await broker.submit(Self.job("a")) }
            #expect(error?.code == .unavailable)
            await #expect(throws: JobError.self) { try await broker.submit(RunSubmission(recipe: Self.recipe)) }
            await #expect(throws: JobError.self) { try await broker.submit([Self.job("b")]) }
            #expect(try await stand.now.jobs(JobFilter()).jobs.isEmpty)
        }
    }

    @Test("Many in one call are journalled, replayed, refused and known by key one by one")
    func bulk() async throws {
        try await Self.with { stand in
            let broker = try await stand.broker()
            var orphan = Self.job("c")
            orphan.parent = "nobody"
            let all = [
                Self.job("a", key: "a"), Self.job("a", key: "a"), Self.job("b", key: "a"), orphan, Self.job("d"),
            ]
            let answers = try await broker.submit(all)
            #expect(answers.count == 5)
            #expect(try answers[0].get().id == answers[1].get().id)
            #expect(throws: JobError.self) { try answers[2].get() }
            #expect(throws: JobError.self) { try answers[3].get() }
            stand.loseAll()
            #expect(try await broker.checkServer() == 2)
            #expect(try await broker.job(answers[0].get().id) != nil)
            #expect(try await broker.job(answers[4].get().id) != nil)
        }
    }

    @Test("A full queue's refusal is kept; a replay into a full queue is tried again until all are there")
    func fullQueue() async throws {
        try await Self.with { stand in
            let broker = try await stand.broker()
            try await broker.setControl(.tokenizeText, QueueControl(maximumDepth: 2))
            let first = try await broker.submit(Self.job("a")).id
            let second = try await broker.submit(Self.job("b")).id
            let error = await #expect(throws: JobError.self) { try await broker.submit(Self.job("c")) }
            #expect(error?.code == .queueFull)
            stand.loseAll()
            try await stand.now.setControl(.tokenizeText, QueueControl(maximumDepth: 1))
            #expect(try await broker.checkServer() == nil)
            try await stand.now.setControl(.tokenizeText, QueueControl())
            stand.clock.advance(by: .seconds(10))
            #expect(try await broker.checkServer() == 1)
            #expect(try await broker.job(first)?.state == .ready)
            #expect(try await broker.job(second)?.state == .ready)
            #expect(try await stand.now.jobs(JobFilter()).jobs.count == 2)
        }
    }

    @Test("What was discarded or purged leaves the disk, and a replay neither brings it back nor keeps its text")
    func purged() async throws {
        try await Self.with { stand in
            let broker = try await stand.broker()
            var ids: [JobID] = []
            for index in 0..<4 {
                let id = try await broker.submit(Self.job("canary-\(index)", key: "k\(index)")).id
                _ = try await broker.cancel(id)
                ids.append(id)
            }
            let run = try await broker.submit(RunSubmission(recipe: Self.recipe)).id
            try await broker.cancel(run)
            try await broker.discard(ids[0])
            try await broker.purge(ids[1])
            try await broker.purge(run)
            #expect(try Self.found(stand) == [2, 3])
            stand.clock.advance(by: .seconds(5))
            _ = try await broker.purgeEnded(before: stand.clock.now, limit: 100)
            #expect(try Self.found(stand) == [])
            await #expect(throws: JobError.self) { try await broker.discard("nobody") }
            stand.loseAll()
            #expect(try await broker.checkServer() == 0)
            #expect(try await broker.job(ids[0]) == nil)
            // The key is free again: this is another job.
            #expect(try await broker.submit(Self.job("other", key: "k0")).id != ids[0])
        }
    }

    /// Which canaries stand in the journal's files.
    static func found(_ stand: Stand) throws -> [Int] {
        var text = ""
        for name in try FileManager.default.contentsOfDirectory(atPath: stand.folder) where name != "lock" {
            text += String(decoding: try Data(contentsOf: URL(filePath: "\(stand.folder)/\(name)")), as: UTF8.self)
        }
        #expect(!text.contains("fever"), "the recipe of the purged run")
        return (0..<4).filter { text.contains("canary-\($0)") }
    }

    @Test("50 submitters at once share the syncs of a real disk")
    func groupSync() async throws {
        try await Self.with { stand in
            let broker = try await stand.broker()
            let before = broker.journal.figures
            try await withThrowingTaskGroup { group in
                for submitter in 0..<50 {
                    group.addTask {
                        for index in 0..<10 { _ = try await broker.submit(Self.job("\(submitter)-\(index)")) }
                    }
                }
                try await group.waitForAll()
            }
            let syncs = broker.journal.figures.synchronizations - before.synchronizations
            // Under a sanitizer it is the submitters that are slow, not the disk, and fewer of them meet.
            let most = ProcessInfo.processInfo.environment["MELLAMA_SANITIZER"] == nil ? 250 : 400
            #expect(syncs < most, "\(syncs) syncs for 500 submissions")
            stand.loseAll()
            #expect(try await broker.checkServer() == 500)
        }
    }
}

/// Passes on to whatever queue the stand has now.
private struct ForwardingBroker: JobBrokerWrapper {
    let stand: JournalBrokerTests.Stand
    init(_ stand: JournalBrokerTests.Stand) { self.stand = stand }
    var base: any JobBroker { stand.now }
}
