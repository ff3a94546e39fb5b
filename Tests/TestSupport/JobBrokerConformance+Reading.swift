// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Testing

extension JobBrokerConformance {
    static let reading: [Case] = [
        Case("events are read from a cursor, and a reader that waits is woken by the next") { h in
            try await h.submit("a")
            try await h.submit("b")
            let first = try await h.broker.events(.job("a"), after: nil, limit: 10, wait: .zero)
            #expect(first.map(\.state) == [.ready])
            let cursor = try #require(first.last?.id)
            let none = try await h.broker.events(.job("a"), after: cursor, limit: 10, wait: .milliseconds(20))
            #expect(none.isEmpty)
            let found = TestSignal<[JobEvent]>()
            try await withThrowingTaskGroup { group in
                for scope in [EventScope.job("a"), .all] {
                    group.addTask {
                        let tip = try await h.broker.events(.all, after: nil, limit: 10, wait: .zero).last?.id
                        found.send([])
                        found.send(
                            try await h.broker.events(
                                scope, after: scope == .all ? tip : cursor, limit: 10, wait: .seconds(30)))
                    }
                }
                _ = try await found.next()
                _ = try await found.next()
                #expect(try await h.claimOne().id == "a")
                for _ in 0..<2 {
                    let events = try await found.next()
                    #expect(events.map(\.job) == ["a"])
                    #expect(events.map(\.state) == [.running])
                }
                try await group.waitForAll()
            }
            let all = try await h.broker.events(.all, after: nil, limit: 100, wait: .zero)
            #expect(all.map(\.job) == ["a", "b", "a"])
            let page = try await h.broker.events(.all, after: all[0].id, limit: 1, wait: .zero)
            #expect(page == [all[1]])
            await h.expectError(.malformed) {
                _ = try await h.broker.events(.all, after: "yesterday", limit: 1, wait: .zero)
            }
            #expect(try await h.broker.events(.job("unknown"), after: nil, limit: 1, wait: .zero).isEmpty)
        },
        Case("many readers wait at once, each for its own job") { h in
            let count = 40
            for index in 0..<count { try await h.submit("j\(index)", index) }
            let started = TestSignal<Void>()
            try await withThrowingTaskGroup { group in
                for index in 0..<count {
                    group.addTask {
                        let id = JobID("j\(index)")
                        var cursor = try await h.broker.events(.job(id), after: nil, limit: 9, wait: .zero).last?.id
                        started.send()
                        var states: [JobState] = []
                        while states.last?.isTerminal != true {
                            let events = try await h.broker.events(
                                .job(id), after: cursor, limit: 9, wait: .seconds(30))
                            states += events.compactMap(\.state)
                            cursor = events.last?.id ?? cursor
                        }
                        #expect(states == [.running, .succeeded])
                    }
                }
                for _ in 0..<count { try await started.next() }
                for _ in 0..<count {
                    let envelope = try await h.claimOne()
                    try await h.broker.complete(envelope.id, fence: envelope.fence, result: .success())
                }
                try await group.waitForAll()
            }
        },
        Case("jobs are listed newest first, by page and by filter") { h in
            for index in 0..<7 { try await h.submit("t\(index)", index) }
            for index in 0..<3 { try await h.submit("s\(index)", index, kind: score) }
            let done = try await h.claimOne(text)
            try await h.broker.complete(done.id, fence: done.fence, result: .success())
            var listed: [JobID] = []
            var filter = JobFilter(limit: 4)
            var pages = 0
            repeat {
                let page = try await h.broker.jobs(filter)
                listed += page.jobs.map(\.id)
                filter.after = page.next
                pages += 1
            } while filter.after != nil && pages < 10
            #expect(pages == 3)
            #expect(listed == ["s2", "s1", "s0", "t6", "t5", "t4", "t3", "t2", "t1", "t0"])
            #expect(try await h.broker.jobs(JobFilter(state: .succeeded)).jobs.map(\.id) == ["t0"])
            #expect(try await h.broker.jobs(JobFilter(kind: score, limit: 3)).jobs.map(\.id) == ["s2", "s1", "s0"])
            #expect(try await h.broker.jobs(JobFilter(kind: score, limit: 3)).next == nil)
            #expect(try await h.broker.jobs(JobFilter(run: "none")).jobs.isEmpty)
            await h.expectError(.malformed) { _ = try await h.broker.jobs(JobFilter(after: "x")) }
        },
        Case("depths, ages and counters are told by kind") { h in
            for index in 0..<3 { try await h.submit("t\(index)", index) }
            let first = try await h.claimOne()
            try await h.broker.fail(first.id, fence: first.fence, failure: .flaky, retryAfter: .seconds(60))
            _ = try await h.claimOne()
            try await h.advance(.milliseconds(30))
            let all = try await h.broker.statistics(kinds: [text, score])
            #expect(all.map(\.kind) == [text, score])
            #expect(all[0].depth == [.ready: 1, .delayed: 1, .running: 1, .waiting: 0, .parked: 0, .dead: 0])
            #expect(all[0].counters["submitted"] == 3)
            #expect(all[0].counters["claimed"] == 2)
            #expect(all[0].counters["retried"] == 1)
            #expect(try #require(all[0].oldestReady) >= .milliseconds(30))
            #expect(all[1].oldestReady == nil)
            #expect(all[1].depth[.ready] == 0)
            try await h.broker.ping()
        },
    ]
}
