// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Jobs
public import Redis
import Synchronization

/// A broker under test and a way to let its time pass.
public struct BrokerHarness: Sendable {
    /// The broker.
    public let broker: any JobBroker
    private let pass: @Sendable (Duration) async throws -> Void

    /// A broker whose time passes by `pass`.
    public init(_ broker: any JobBroker, pass: @escaping @Sendable (Duration) async throws -> Void) {
        self.broker = broker
        self.pass = pass
    }

    /// An in-memory broker on a clock that only this harness moves.
    public static func inMemory(textRetention: Duration = .seconds(86_400)) -> BrokerHarness {
        let clock = ManualClock()
        let broker = InMemoryJobBroker(crashPause: .milliseconds(20), textRetention: textRetention) { clock.now }
        return BrokerHarness(broker) { clock.advance(by: $0) }
    }

    /// A broker on a real server: time passes by itself. `configuration` is another way to it than the fixture's.
    public static func redis(
        _ fixture: RedisFixture, namespace: String = "test", configuration: RedisConfiguration? = nil,
        textRetention: Duration = .seconds(86_400)
    ) -> BrokerHarness {
        var options = RedisBrokerOptions()
        options.namespace = namespace
        options.crashPause = .milliseconds(20)
        options.textRetention = textRetention
        // As the cases take them. A shorter one lets a slow machine look like a stalled server, which puts off reaping.
        options.lease = longLease
        let broker = RedisJobBroker(
            configuration: configuration ?? fixture.configuration, options: options, logger: fixture.logger)
        return BrokerHarness(broker) { try await Task.sleep(for: $0 + .milliseconds(2)) }
    }

    /// Lets time pass.
    public func advance(_ time: Duration) async throws { try await pass(time) }
}

/// A clock in ms that stands still until it is moved.
public final class ManualClock: Sendable {
    private let time = Mutex<Int64>(1_763_683_200_000)

    /// A clock at some day of 2025.
    public init() {}

    /// The time.
    public var now: Int64 { time.withLock { $0 } }

    /// Sets the time, ms since 1970.
    public func set(_ milliseconds: Int64) { time.withLock { $0 = milliseconds } }

    /// Moves the time.
    public func advance(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        time.withLock { $0 += seconds * 1000 + attoseconds / 1_000_000_000_000_000 }
    }
}
