// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Keeps a set of processes running until it is told to stop. It runs on one thread and is driven by `tick`.
struct Supervisor {
    /// One program to keep running.
    struct Definition: Sendable, Hashable {
        var name: String
        /// The absolute path, and the arguments.
        var command: [String]
        var environment: [String: String]
        var log: String
    }

    private struct Child {
        var definition: Definition
        var pid: pid_t?
        var started = ContinuousClock.now
        /// When to start it; nil while it runs.
        var due: ContinuousClock.Instant?
        var backoff = RestartBackoff()
        var restarts = 0
    }

    /// The executable that ties children to our life, and our own process id.
    private let launcher: [String]
    /// Where what happens is told, one line each.
    private let tell: (String) -> Void
    private var children: [Child] = []

    init(launcher: [String], tell: @escaping (String) -> Void) {
        self.launcher = launcher
        self.tell = tell
    }

    /// The process ids by name of what runs now.
    var pids: [String: pid_t] {
        var pids: [String: pid_t] = [:]
        for child in children { pids[child.definition.name] = child.pid }
        return pids
    }

    var restarts: Int { children.reduce(0) { $0 + $1.restarts } }

    mutating func add(_ definition: Definition) {
        children.append(Child(definition: definition, due: .now))
    }

    /// Reaps what died, starts what is due. Returns whether anything changed.
    @discardableResult
    mutating func tick(restarting: Bool = true) -> Bool {
        var changed = false
        for (pid, ending) in ChildProcess.reap(children.compactMap(\.pid)) {
            guard let index = children.firstIndex(where: { $0.pid == pid }) else { continue }
            changed = true
            died(index, ending, restarting: restarting)
        }
        guard restarting else { return changed }
        for index in children.indices {
            guard let due = children[index].due, due <= .now else { continue }
            changed = true
            start(index)
        }
        return changed
    }

    private mutating func died(_ index: Int, _ ending: ChildProcess.Ending, restarting: Bool) {
        let name = children[index].definition.name
        let pid = children[index].pid ?? 0
        children[index].pid = nil
        guard restarting else {
            children[index].due = nil
            return
        }
        let pause = children[index].backoff.pause(afterUptime: .now - children[index].started)
        children[index].due = .now + pause
        children[index].restarts += 1
        let said =
            ending.isExplained
            ? LogTail.lastLine(of: children[index].definition.log).map { "; its last words: \($0)" } ?? "" : ""
        tell(
            "\(name) (pid \(pid)) \(ending); starting it again in \(pause / .seconds(1)) s"
                + " (log: \(children[index].definition.log))" + said)
    }

    private mutating func start(_ index: Int) {
        let definition = children[index].definition
        do {
            children[index].pid = try ChildProcess.start(
                launcher + ["--"] + definition.command, environment: definition.environment, log: definition.log)
            children[index].due = nil
        } catch {
            let pause = children[index].backoff.pause(afterUptime: .zero)
            children[index].due = .now + pause
            tell("\(definition.name): \(error); trying again in \(pause / .seconds(1)) s")
        }
        children[index].started = .now
    }

    /// Stops the named processes: SIGTERM, then SIGKILL to what is left after `grace`. A second signal to us ends the
    /// patience.
    mutating func stop(_ names: Set<String>, grace: Duration) {
        let signalsBefore = StopSignal.times
        func alive() -> [pid_t] { children.filter { names.contains($0.definition.name) }.compactMap(\.pid) }
        for pid in alive() { kill(pid, SIGTERM) }
        let deadline = ContinuousClock.now + grace
        while !alive().isEmpty, ContinuousClock.now < deadline, StopSignal.times == signalsBefore {
            tick(restarting: false)
            usleep(20_000)
        }
        let stubborn = children.filter { names.contains($0.definition.name) && $0.pid != nil }
        for child in stubborn {
            tell("\(child.definition.name) did not stop in \(grace / .seconds(1)) s and is killed")
            if let pid = child.pid { kill(pid, SIGKILL) }
        }
        while !alive().isEmpty {
            tick(restarting: false)
            usleep(5_000)
        }
    }

    var names: Set<String> { Set(children.map(\.definition.name)) }
}
