// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Messages
import Testing

@testable import mellama

@Suite("The supervisor keeps processes running and leaves none behind")
struct SupervisorTests {
    /// A supervisor whose launcher only starts the program, with lines of what it told.
    final class Told {
        var lines: [String] = []
    }

    static func definition(_ name: String, _ script: String, _ folder: String) -> Supervisor.Definition {
        Supervisor.Definition(
            name: name, command: ["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"],
            log: "\(folder)/\(name).log")
    }

    static func tick(_ supervisor: inout Supervisor, until isDone: (Supervisor) -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            supervisor.tick()
            if isDone(supervisor) { return true }
            usleep(5_000)
        }
        return false
    }

    @Test("A process that dies is started again, and said so")
    func restarts() throws {
        try LocalFileTests.withFolder { folder in
            let told = Told()
            var supervisor = Supervisor(launcher: ["/usr/bin/env"]) { told.lines.append($0) }
            supervisor.add(Self.definition("worker", "echo out of luck; sleep 60", folder))
            #expect(Self.tick(&supervisor) { $0.pids["worker"] != nil })
            let first = try #require(supervisor.pids["worker"])
            usleep(200_000)
            kill(first, SIGKILL)
            #expect(Self.tick(&supervisor) { ($0.pids["worker"] ?? first) != first })
            #expect(told.lines.count == 1)
            let line = try #require(told.lines.first)
            #expect(line.hasPrefix("worker (pid \(first)) was killed by signal 9; starting it again in 0.5 s"))
            #expect(!line.contains("out of luck"), "its words do not explain a signal from outside")
            let second = try #require(supervisor.pids["worker"])
            supervisor.stop(["worker"], grace: .seconds(5))
            #expect(supervisor.pids.isEmpty)
            #expect(!ChildProcess.isAlive(second))
            #expect(told.lines.count == 1, "a graceful stop is nothing to tell")
        }
    }

    @Test("A process that gives up is told of with its last words")
    func lastWords() throws {
        try LocalFileTests.withFolder { folder in
            let told = Told()
            var supervisor = Supervisor(launcher: ["/usr/bin/env"]) { told.lines.append($0) }
            supervisor.add(Self.definition("worker", "echo out of luck; exit 3", folder))
            #expect(Self.tick(&supervisor) { _ in !told.lines.isEmpty })
            let line = try #require(told.lines.first)
            #expect(line.contains("ended with exit code 3"))
            #expect(line.hasSuffix("its last words: out of luck"))
            supervisor.stop(["worker"], grace: .seconds(5))
        }
    }

    @Test("A process that ignores SIGTERM is killed after its grace, and the rest is not")
    func kills() throws {
        try LocalFileTests.withFolder { folder in
            let told = Told()
            var supervisor = Supervisor(launcher: ["/usr/bin/env"]) { told.lines.append($0) }
            supervisor.add(Self.definition("deaf", "trap '' TERM; echo ready; while :; do sleep 0.1; done", folder))
            supervisor.add(Self.definition("other", "exec sleep 60", folder))
            #expect(Self.tick(&supervisor) { _ in LogTail.lastLine(of: "\(folder)/deaf.log") == "ready" })
            let other = try #require(supervisor.pids["other"])
            let start = ContinuousClock.now
            supervisor.stop(["deaf"], grace: .milliseconds(300))
            #expect(ContinuousClock.now - start >= .milliseconds(300))
            #expect(told.lines.contains { $0.hasPrefix("deaf did not stop") })
            #expect(supervisor.pids["deaf"] == nil)
            #expect(supervisor.pids["other"] == other && ChildProcess.isAlive(other))
            supervisor.stop(["other"], grace: .seconds(5))
        }
    }

    @Test("A program that is not there is told of and tried again, not fatal")
    func missingProgram() throws {
        try LocalFileTests.withFolder { folder in
            let told = Told()
            var supervisor = Supervisor(launcher: ["/nowhere/mellama"]) { told.lines.append($0) }
            supervisor.add(Self.definition("worker", "true", folder))
            supervisor.tick()
            #expect(told.lines.first?.contains("can't start /nowhere/mellama") == true)
            #expect(supervisor.pids.isEmpty)
        }
    }

    @Test("Pauses double to half a minute, and start again after a healthy life")
    func backoff() {
        var backoff = RestartBackoff()
        let pauses = (0..<8).map { _ in backoff.pause(afterUptime: .seconds(1)) / .seconds(1) }
        #expect(pauses == [0.5, 1, 2, 4, 8, 16, 30, 30])
        #expect(backoff.pause(afterUptime: .seconds(21)) == .milliseconds(500))
        #expect(backoff.pause(afterUptime: .zero) == .seconds(1))
    }

    @Test("Free ports are distinct and free")
    func ports() throws {
        let ports = try LoopbackPort.free(5)
        #expect(Set(ports).count == 5)
        for port in ports { #expect(!Probe.http(port: port, path: "/")) }
    }
}
