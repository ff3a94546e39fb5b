// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages
import Testing

@testable import mellama

@Suite("mellama queues, purge and check")
struct QueueCommandTests {
    @Test("Spans of time", arguments: [("90s", 90_000), ("30m", 1_800_000), ("12h", 43_200_000), ("7d", 604_800_000)])
    func spans(_ text: String, _ milliseconds: Int64) throws {
        #expect(try TimeSpan.milliseconds(text, option: "--x") == milliseconds)
    }

    @Test("What is no span names the option", arguments: ["", "7", "d", "-1d", "1w", "1.5h"])
    func badSpans(_ text: String) {
        #expect { try TimeSpan.milliseconds(text, option: "--delay") } throws: { "\($0)".contains("--delay") }
    }

    @Test("Limits are set, taken away, and left alone")
    func limits() throws {
        var limit: Int? = 5
        try QueuesCommand.Limit.set(&limit, nil, "--depth")
        #expect(limit == 5)
        try QueuesCommand.Limit.set(&limit, "0", "--depth")
        #expect(limit == 0)
        try QueuesCommand.Limit.set(&limit, "none", "--depth")
        #expect(limit == nil)
        #expect { try QueuesCommand.Limit.set(&limit, "-1", "--depth") } throws: { "\($0)".contains("--depth") }
        let control = QueueControl(isPaused: true, maximumDepth: 3, tenantMaximumRunning: 2)
        #expect(QueuesCommand.text(control) == "paused, depth 3, tenant-running 2")
        #expect(QueuesCommand.text(QueueControl()) == "no limits")
    }

    @Test("purge takes an id or a time, not both and not neither")
    func purge() throws {
        #expect(try PurgeCommand.parse(["abc"]).id == "abc")
        #expect(try PurgeCommand.parse(["--ended-before", "7d"]).endedBefore == "7d")
        #expect(throws: (any Error).self) { try PurgeCommand.parse([]) }
        #expect(throws: (any Error).self) { try PurgeCommand.parse(["abc", "--ended-before", "7d"]) }
    }
}
