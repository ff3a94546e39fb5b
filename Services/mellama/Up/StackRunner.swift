// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Brings a stack up in its order, keeps it up, and takes it down: services before Redis, so that they can give their
/// jobs back.
struct StackRunner {
    /// How long services have to stop; their own limit is below it.
    static let serviceGrace: Duration = .seconds(25)
    static let redisGrace: Duration = .seconds(10)
    /// How long the whole may take to answer.
    static let startLimit: Duration = .seconds(60)

    let stack: Stack
    let tell: (String) -> Void
    /// Called once, when the gateway answers.
    let onReady: (StackNote) -> Void

    private enum Phase { case redis, services, up }

    /// Runs until a signal comes. Returns the signal.
    func run() throws(MellamaError) -> Int32 {
        let launcher = ["\(Stack.ownFolder())/mellama", "child", "--parent", "\(getpid())"]
        var supervisor = Supervisor(launcher: launcher, tell: tell)
        var phase = Phase.redis
        let deadline = ContinuousClock.now + Self.startLimit
        // A socket of a server that was killed would look like one that refuses.
        unlink(stack.socket)
        supervisor.add(stack.redisDefinition)
        var failure: MellamaError?
        while StopSignal.received == nil, failure == nil {
            let changed = supervisor.tick()
            switch phase {
            case .redis:
                guard Probe.unixSocket(stack.socket) else { break }
                for definition in stack.serviceDefinitions { supervisor.add(definition) }
                phase = .services
            case .services:
                guard Probe.http(port: stack.port, path: "/readyz") else { break }
                phase = .up
                failure = publish(supervisor, isFirst: true)
            case .up:
                if changed { failure = publish(supervisor, isFirst: false) }
            }
            if phase != .up, ContinuousClock.now > deadline {
                failure = MellamaError(
                    "up: \(phase == .redis ? "redis" : "the gateway") does not answer; see \(stack.state.logs)")
            }
            usleep(phase == .up ? 50_000 : 20_000)
        }
        unlink(stack.state.noteFile)
        supervisor.stop(supervisor.names.subtracting([Stack.redis]), grace: Self.serviceGrace)
        supervisor.stop([Stack.redis], grace: Self.redisGrace)
        unlink(stack.socket)
        if let failure { throw failure }
        return StopSignal.received ?? SIGTERM
    }

    private func publish(_ supervisor: Supervisor, isFirst: Bool) -> MellamaError? {
        let note = StackNote(
            pid: getpid(), url: "http://\(stack.host):\(stack.port)", port: stack.port, children: supervisor.pids,
            adminPorts: stack.adminPortsByName, dataRoots: stack.dataRoots)
        do {
            try note.write(to: stack.state)
        } catch {
            return error
        }
        if isFirst { onReady(note) }
        return nil
    }
}
