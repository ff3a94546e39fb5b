// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Synchronization
import Testing

@testable import mellama

@Suite("Progress is shown as one line a running stage, or as plain lines")
struct ProgressTests {
    /// What a screen has written so far.
    final class Written: Sendable {
        private let text = Mutex("")
        func add(_ more: String) { text.withLock { $0 += more } }
        var all: String { text.withLock { $0 } }
    }

    static func event(
        _ stage: String, _ state: JobState? = nil, progress: JobProgress? = nil, error: JobFailure? = nil,
        kind: JobEvent.Kind? = nil
    ) -> JobEvent {
        JobEvent(
            id: "1-0", kind: kind ?? (progress == nil ? .state : .progress), job: JobID("r.\(stage)"), run: RunID("r"),
            stage: stage, state: state, progress: progress, error: error)
    }

    @Test("A board shows what runs, with bars and figures")
    func board() {
        var board = ProgressBoard(names: ["corpus", "base"])
        #expect(board.take(Self.event("corpus", .ready)) == nil)
        #expect(board.take(Self.event("corpus", .running)) == "corpus: running")
        let progress = JobProgress(phase: "reading", step: 5, total: 10, metrics: ["tokensPerSecond": 12_345])
        #expect(board.take(Self.event("corpus", progress: progress)) == nil)
        let line = "  corpus [##########----------] 50 % reading 5/10  tokensPerSecond 12.3 K"
        #expect(board.lines(width: 200) == [line])
        #expect(board.lines(width: 12) == ["  corpus [##"])
        #expect(board.take(Self.event("corpus", .succeeded)) == "corpus: succeeded")
        #expect(board.lines(width: 80).isEmpty)
    }

    @Test("A training's loss, speed and end come first; a model it publishes is told once")
    func training() {
        var board = ProgressBoard(names: ["base"])
        _ = board.take(Self.event("base", .running))
        let metrics = [
            "loss": 2.5, "loss.clinical": 2, "gradientNorm": 1, "learningRate": 1e-5, "tokensPerSecond": 100,
            "modelFlopsUtilization": 0.5, "secondsLeft": 60, "perplexity": 12,
        ]
        let id = ArtifactID("sha256:" + String(repeating: "a", count: 64))
        let model = PublishedModel(step: 10, model: .artifact(id))
        let progress = JobProgress(phase: "training", step: 10, total: 20, metrics: metrics, published: [model])
        let line = board.take(Self.event("base", progress: progress))
        #expect(line == "base: model of step 10 published: \(id)")
        #expect(board.take(Self.event("base", progress: progress)) == nil)
        #expect(
            board.lines(width: 200) == [
                "  base [##########----------] 50 % training 10/20  loss 2.500  perplexity 12.0  tokensPerSecond 100"
                    + "  modelFlopsUtilization 0.500  secondsLeft 60.0"
            ])
    }

    @Test("Failures say why, lost workers are told")
    func failures() {
        var board = ProgressBoard()
        _ = board.take(Self.event("base", .running))
        let expired = board.take(Self.event("base", kind: .leaseExpired))
        #expect(expired == "base: its worker is gone; the job goes to another")
        let failed = board.take(Self.event("base", .failed, error: .badInput("no tokenizer")))
        #expect(failed == "base: failed (no tokenizer)")
        #expect(board.take(Self.event("eval", .upstreamFailed)) == "eval: upstream_failed")
    }

    @Test("Without a terminal there are no escapes, and a line a tenth at most")
    func plainLines() {
        let text = Written()
        let screen = ProgressScreen(names: [], isInteractive: false) { text.add($0) }
        screen.take(Self.event("base", .running))
        for step in 0...100 {
            screen.take(Self.event("base", progress: JobProgress(phase: "training", step: step, total: 100)))
        }
        screen.take(Self.event("base", .succeeded))
        screen.finish()
        let lines = text.all.split(separator: "\n")
        #expect(lines.count == 12)
        #expect(lines.first == "base: running")
        #expect(lines.last == "base: succeeded")
        #expect(!text.all.contains("\u{1B}"))
    }

    @Test("On a terminal live lines are drawn over, and taken away at the end")
    func liveLines() {
        let text = Written()
        let screen = ProgressScreen(names: [], isInteractive: true) { text.add($0) }
        screen.take(Self.event("base", .running))
        screen.take(Self.event("base", .succeeded))
        screen.finish()
        #expect(text.all == "base: running\n  base …\n\u{1B}[1A\r\u{1B}[Jbase: succeeded\n")
    }

    @Test("What another process says moves no cursor")
    func plainText() {
        #expect(Terminal.plain("a\u{1B}[2Jb\u{07}\u{9B}c\td\n") == "a[2Jbc\td\n")
    }

    @Test(
        "Figures are read at a glance",
        arguments: [
            (Figures.bytes(0), "0 B"), (Figures.bytes(1536), "1.5 KiB"), (Figures.bytes(300 << 20), "300 MiB"),
            (Figures.count(7e9), "7.0 B"), (Figures.count(950), "950"), (Figures.duration(seconds: 4.2), "4.2 s"),
            (Figures.duration(seconds: 185), "3 min 05 s"), (Figures.duration(seconds: 3720), "1 h 02 min"),
            (Figures.metric(3.14159), "3.142"), (Figures.metric(1e-5), "1e-05"), (Figures.fixed(-0.5, 2), "-0.50"),
            (Figures.fixed(0.005, 2), "0.01"), (Figures.fixed(1.999, 2), "2.00"),
        ])
    func figures(_ text: String, _ expected: String) { #expect(text == expected) }
}
