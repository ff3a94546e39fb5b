// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Testing

extension JobPart {
    fileprivate init(_ envelope: JobEnvelope, _ text: String, at position: Int, fence: Fence? = nil) {
        self.init(
            job: envelope.id, fence: fence ?? envelope.fence,
            part: GenerationPart(index: 0, position: position, text: text, ids: [7]))
    }
}

extension BrokerHarness {
    /// The texts of a job's parts, by attempt.
    fileprivate func texts(_ id: JobID, after cursor: String? = nil) async throws -> [String] {
        try await broker.parts(of: id, after: cursor, limit: 100, wait: .zero).parts.map {
            "\($0.attempt) \($0.part.text)"
        }
    }
}

extension JobBrokerConformance {
    static let parts: [Case] = [
        Case("parts are read from a cursor in their order, with the job's state") { h in
            try await h.submit("a")
            #expect(try await h.broker.parts(of: "a", after: nil, limit: 9, wait: .zero).state == .ready)
            let a = try await h.claimOne()
            #expect(
                try await h.broker.publish([JobPart(a, "one ", at: 0), JobPart(a, "tŵo", at: 1)]) == [.held, .held])
            #expect(try await h.broker.publish([]) == [])
            let page = try await h.broker.parts(of: "a", after: nil, limit: 1, wait: .zero)
            #expect(page.state == .running)
            #expect(page.parts.map(\.part) == [GenerationPart(index: 0, position: 0, text: "one ", ids: [7])])
            #expect(try await h.texts("a", after: page.parts[0].id) == ["1 tŵo"])
            let rest = try await h.broker.parts(of: "a", after: page.next, limit: 9, wait: .seconds(30))
            #expect(rest.parts.map(\.part.text) == ["tŵo"])
            #expect(try await h.texts("a", after: rest.next) == [])
            try await h.broker.complete("a", fence: a.fence, result: .success())
            // Who reads slowly still gets them, until the job is purged.
            #expect(try await h.texts("a") == ["1 one ", "1 tŵo"])
            try await h.broker.purge(JobID("a"))
            let nothing = try await h.broker.parts(of: "a", after: nil, limit: 9, wait: .seconds(30))
            #expect(nothing == PartPage(parts: [], state: .succeeded))
            #expect(
                try await h.broker.parts(of: "unknown", after: nil, limit: 9, wait: .seconds(30))
                    == PartPage(parts: [], state: nil))
            await h.expectError(.malformed) {
                _ = try await h.broker.parts(of: "a", after: "yesterday", limit: 1, wait: .zero)
            }
            await h.expectError(.malformed) {
                _ = try await h.broker.parts(of: "a", after: "1-1/2-2", limit: 1, wait: .zero)
            }
        },
        Case("a zombie's parts are refused, and those of another attempt carry its number") { h in
            try await h.submit("a")
            let first = try await h.claimOne(lease: shortLease)
            #expect(try await h.broker.publish([JobPart(first, "one", at: 0)]) == [.held])
            try await h.advance(shortLease)
            #expect(try await h.broker.reap() == 1)
            #expect(try await h.broker.publish([JobPart(first, "zombie", at: 1)]) == [.stale])
            let second = try await h.claimOne()
            #expect(
                try await h.broker.publish([JobPart(first, "zombie", at: 1), JobPart(second, "one", at: 0)])
                    == [.stale, .held])
            #expect(try await h.texts("a") == ["1 one", "2 one"])
            _ = try await h.broker.cancel(JobID("a"))
            #expect(try await h.broker.publish([JobPart(second, "two", at: 1)]) == [.cancelRequested])
            try await h.broker.confirmCancelled("a", fence: second.fence)
            #expect(try await h.broker.publish([JobPart(second, "three", at: 2)]) == [.stale])
            // A person's retry counts attempts anew.
            _ = try await h.broker.retry("a")
            #expect(try await h.texts("a") == [])
            let third = try await h.claimOne()
            #expect(try await h.broker.publish([JobPart(third, "one", at: 0)]) == [.held])
            #expect(try await h.texts("a") == ["1 one"])
        },
        Case("readers that wait are woken by a part, and by the end") { h in
            let count = 20
            for index in 0..<count { try await h.submit("j\(index)", index) }
            let claimed = try await h.broker.claim(kinds: [text], worker: worker, limit: count, lease: longLease).jobs
            let read = TestSignal<String>()
            try await withThrowingTaskGroup { group in
                for envelope in claimed {
                    group.addTask {
                        var cursor: String?
                        while true {
                            let page = try await h.broker.parts(
                                of: envelope.id, after: cursor, limit: 9, wait: .seconds(30))
                            cursor = page.next ?? cursor
                            for part in page.parts { read.send("\(envelope.id) \(part.part.text)") }
                            if page.parts.isEmpty, page.state?.isTerminal ?? true { break }
                        }
                        read.send("\(envelope.id) end")
                    }
                }
                for word in ["one", "two"] {
                    _ = try await h.broker.publish(claimed.map { JobPart($0, word, at: 0) })
                    var heard: Set<String> = []
                    for _ in claimed { heard.insert(try await read.next()) }
                    #expect(heard == Set(claimed.map { "\($0.id) \(word)" }))
                }
                for envelope in claimed {
                    try await h.broker.complete(envelope.id, fence: envelope.fence, result: .success())
                }
                for _ in claimed { #expect(try await read.next().hasSuffix(" end")) }
                try await group.waitForAll()
            }
        },
    ]
}
