// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

@testable import Collectives

@Suite(
    "Ranks that mpirun starts work together and end together", .timeLimit(.minutes(3)),
    .enabled(if: RankLaunch.isOffered, "mpirun is not installed"))
struct RankTests {
    static let driver = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "rank-driver").path

    private func group(_ ranks: Int, _ arguments: String...) throws -> RankGroup {
        try RankGroup(RankLaunch(ranks: ranks, command: [Self.driver] + arguments))
    }

    /// Whether no process with `mark` among its arguments is left, or goes within a minute.
    static func processesEnd(_ mark: String) throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while !processes(mark).isEmpty, ContinuousClock.now < deadline { usleep(50_000) }
        return processes(mark).isEmpty
    }

    /// The processes with `mark` among their arguments.
    private static func processes(_ mark: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter {
            guard let bytes = FileManager.default.contents(atPath: "/proc/\($0)/cmdline") else { return false }
            return bytes.split(separator: 0).contains { $0.elementsEqual(mark.utf8) }
        }
    }

    @Test("Sums, gathers and shared numbers are right to the bit, in the order of the ranks", arguments: [1, 2, 4])
    func exchange(ranks: Int) throws {
        var lines: [String] = []
        try group(ranks, "exchange").wait(onLine: { lines.append($0) }, onPause: {})
        #expect(lines == ["\(ranks) ranks: right"])
    }

    @Test("Asked to stop, they stop")
    func stop() throws {
        let group = try group(2, "loop")
        var lines: [String] = []
        try group.wait(
            onLine: {
                lines.append($0)
                group.stop()
            }, onPause: {})
        #expect(lines == ["running", "stopped"])
    }

    @Test("A rank that is killed ends the others, and is named", arguments: [0, 1, 2])
    func killed(rank: Int) throws {
        let mark = "mark-\(UUID())"
        let group = try group(3, "die", "\(rank)", mark)
        let error = #expect(throws: CollectiveError.self) { try group.wait(onLine: { _ in }, onPause: {}) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("rank \(rank) of 3 on "), "\(text)")
        #expect(text.hasSuffix("ended: signal 9 (Killed)"), "\(text)")
        #expect(try Self.processesEnd(mark))
    }

    @Test("When whoever started them is gone, or mpirun is killed, no rank is left", arguments: [true, false])
    func abandoned(byStarter: Bool) throws {
        let mark = "mark-\(UUID())"
        let group = try group(3, "loop", mark)
        struct Enough: Error {}
        if byStarter {
            #expect(throws: Enough.self) { try group.wait(onLine: { _ in throw Enough() }, onPause: {}) }
        } else {
            #expect(throws: CollectiveError.self) {
                try group.wait(onLine: { _ in kill(group.pid, SIGKILL) }, onPause: {})
            }
        }
        #expect(try Self.processesEnd(mark))
    }

    @Test("Without mpirun the error says what to install")
    func missing() throws {
        let launch = RankLaunch(ranks: 2, command: ["/bin/true"])
        let error = #expect(throws: CollectiveError.self) { try launch.words(path: "/nonexistent") }
        #expect(
            error?.description
                == "ranks: 2 asked, but no Open MPI was found: install libopenmpi3 and openmpi-bin (Open MPI 4.1),"
                + " or write ranks: 1")
    }

    @Test("What mpirun says of a run becomes one line")
    func report() {
        let exit = RankReport(
            """
            --------------------------------------------------------------------------
            mpirun detected that one or more processes exited with non-zero status, thus causing
            the job to be terminated. The first process to do so was:

              Process name: [[55320,1],1]
              Exit code:    3
            """)
        #expect(exit.text(ranks: 2, status: 3) == "rank 1 of 2 ended: exit code 3")
        let signal = RankReport(
            "mpirun noticed that process rank 3 with PID 0 on node left exited on signal 11 (Segmentation fault).")
        #expect(signal.text(ranks: 4, status: 139) == "rank 3 of 4 on left ended: signal 11 (Segmentation fault)")
        let start = RankReport("-----\nThere are not enough slots available in the system to satisfy the 8\nslots")
        #expect(
            start.text(ranks: 8, status: 1) == "the 8 ranks ended (mpirun: exit code 1): There are not enough slots"
                + " available in the system to satisfy the 8")
    }
}
