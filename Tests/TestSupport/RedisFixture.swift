// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
public import Logging
public import Redis
import Synchronization

/// A private redis-server for one test: a free loopback port, a unix socket, a folder of its own, append-only file on.
///
/// Use it as a scope; the server is killed and its folder removed whether the body returns or throws, and by a guardian
/// should the whole process be killed:
///
///     try await RedisFixture.with { redis in … }
public final class RedisFixture: Sendable {
    /// The server's TCP port on 127.0.0.1.
    public let port: UInt16
    /// The folder of its data, socket and log.
    public let folder: String
    /// A logger that says nothing below errors.
    public let logger: Logger

    /// What the server's TLS port trusts and is trusted by; `nil` where it speaks plain text.
    public let certificates: TestCertificates?

    private let options: [String]
    private let clock: ServerClock?
    private let running = Mutex<Running?>(nil)

    private struct Running {
        let server: ChildProgram
        let guardian: ProcessGuardian
    }

    /// The server over TCP.
    public var configuration: RedisConfiguration {
        var configuration = RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: port))
        configuration.tls = certificates?.tls()
        return configuration
    }
    /// The server over its unix socket.
    public var socketConfiguration: RedisConfiguration { RedisConfiguration(endpoint: .unix(path: "\(folder)/s")) }
    /// The server's URL, for processes started by a test.
    public var url: String { "redis\(certificates == nil ? "" : "s")://127.0.0.1:\(port)/0" }

    /// Runs the body with a fresh server; `options` are further redis-server arguments, `clock` its wall clock where it
    /// is not to be the machine's.
    public static func with<Value: Sendable>(
        options: [String] = [], clock: ServerClock? = nil, _ body: (RedisFixture) async throws -> Value
    ) async throws -> Value {
        let fixture = try await started(options: options, certificates: nil, clock: clock)
        defer { fixture.tearDown() }
        return try await body(fixture)
    }

    /// Runs the body with a fresh server whose port speaks TLS only, as this identity.
    public static func withTLS<Value: Sendable>(
        as identity: TestCertificates.Identity = .server, asksClients: Bool = false,
        _ body: (RedisFixture, TestCertificates) async throws -> Value
    ) async throws -> Value {
        let certificates = try TestCertificates()
        let options = certificates.options(identity, asksClients: asksClients)
        let fixture = try await started(options: options, certificates: certificates)
        defer { fixture.tearDown() }
        return try await body(fixture, certificates)
    }

    /// A running server; another port is tried where somebody was faster to take ours.
    private static func started(
        options: [String], certificates: TestCertificates?, clock: ServerClock? = nil
    ) async throws -> RedisFixture {
        var attempt = 1
        while true {
            let fixture = try RedisFixture(options: options, certificates: certificates, clock: clock)
            do {
                try await fixture.start()
                return fixture
            } catch {
                fixture.tearDown()
                guard attempt < 5 else { throw error }
                attempt += 1
            }
        }
    }

    private init(options: [String], certificates: TestCertificates?, clock: ServerClock?) throws {
        self.options = options
        self.certificates = certificates
        self.clock = clock
        port = try LoopbackPort.free()
        var template = Array("/tmp/mellama-redis-XXXXXX\0".utf8.map(CChar.init(bitPattern:)))
        guard mkdtemp(&template) != nil else { throw RedisFixtureError("cannot make a folder in /tmp") }
        folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        var logger = Logger(label: "test")
        logger.logLevel = .error
        self.logger = logger
    }

    /// Starts the server, after `kill` on the data it left, and returns once it answers.
    public func start() async throws {
        let listening = certificates == nil ? ["--port", String(port)] : ["--port", "0", "--tls-port", String(port)]
        let arguments =
            ["/usr/bin/env", "redis-server", "--bind", "127.0.0.1"] + listening + [
                "--unixsocket", "\(folder)/s", "--dir",
                folder, "--logfile", "\(folder)/log", "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
                "--maxmemory-policy", "noeviction",
            ] + options
        let environment = ProcessInfo.processInfo.environment.merging(clock?.environment ?? [:]) { $1 }
        let server = try ChildProgram(arguments, environment: environment, log: "\(folder)/out")
        let guardian = try ProcessGuardian(of: server.pid, folder: folder)
        running.withLock { $0 = Running(server: server, guardian: guardian) }
        try await waitUntilAnswering()
    }

    private func waitUntilAnswering() async throws {
        // A long append-only file takes a while to load on a busy machine.
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            do {
                let connection = try await RedisConnection.connect(to: socketConfiguration)
                try await connection.send(RedisCommand("DBSIZE"))
                await connection.close()
                return
            } catch {
                guard isRunning else {
                    throw RedisFixtureError("redis-server ended at start; is it installed, and port \(port) free?")
                }
                guard error.isRetryable, ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
    }

    /// Kills the server as `kill -9` does, and waits until it is gone.
    public func kill() {
        running.withLock { running in
            running?.server.end()
            running?.guardian.dismiss()
            running = nil
        }
    }

    /// Kills the server and starts it again on the data it left.
    public func restart() async throws {
        kill()
        try await start()
    }

    /// Stops the server's process in its tracks; it answers nothing until `resume`.
    public func suspend() { signal(SIGSTOP) }

    /// Lets a suspended server go on.
    public func resume() { signal(SIGCONT) }

    /// A new connection.
    public func connect() async throws -> RedisConnection { try await RedisConnection.connect(to: configuration) }

    private var isRunning: Bool { running.withLock { $0?.server.isRunning ?? false } }

    private func signal(_ number: Int32) { running.withLock { $0?.server.signal(number) } }

    private func tearDown() {
        kill()
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// Why a fixture could not be made.
public struct RedisFixtureError: Error, CustomStringConvertible {
    /// What went wrong.
    public let description: String

    init(_ description: String) { self.description = description }
}
