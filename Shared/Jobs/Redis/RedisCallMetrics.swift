// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Metrics
import Redis
import Synchronization

/// Counts and times the calls of this process to Redis.
///
/// Timed here and not in the scripts: Redis's clock stands still while a script runs, and what a worker waits for is
/// the whole way there and back.
final class RedisCallMetrics: RedisObserver {
    private let timers = Mutex<[String: Timer]>([:])
    private let connections = Counter(label: "mellama_redis_connections_total")
    private let reconnects = Counter(label: "mellama_redis_reconnects_total")

    func answered(_ operation: String, after time: Duration) {
        let timer = timers.withLock { timers in
            if let timer = timers[operation] { return timer }
            let made = Timer(label: "mellama_redis_roundtrip_seconds", dimensions: [("call", Self.name(operation))])
            timers[operation] = made
            return made
        }
        timer.recordNanoseconds(time.nanoseconds)
    }

    func failed(_ operation: String, code: RedisError.Code) {
        // A script that the server has forgotten is sent again in whole; that is no error to anybody.
        guard code != .noScript else { return }
        let dimensions = [("call", Self.name(operation)), ("code", code.description)]
        Counter(label: "mellama_redis_errors_total", dimensions: dimensions).increment()
    }

    func connected(isReplacement: Bool) {
        connections.increment()
        reconnects.increment(by: isReplacement ? 1 : 0)
    }

    /// `claim` for `script claim`, `ping` for `PING`.
    private static func name(_ operation: String) -> String {
        (operation.hasPrefix("script ") ? String(operation.dropFirst(7)) : operation).lowercased()
    }
}

extension Duration {
    /// Whole nanoseconds, as metrics take them.
    var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
