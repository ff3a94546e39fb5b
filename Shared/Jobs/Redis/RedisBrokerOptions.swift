// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How a `RedisJobBroker` keeps time and how much it holds on to.
public struct RedisBrokerOptions: Sendable, Hashable {
    /// The deployment's name in the keys: queues of two namespaces share nothing.
    public var namespace = "mellama"
    /// The longest lease that workers of the deployment take: how long nothing is reaped after a restart of Redis.
    public var lease: Duration = .seconds(15)
    /// How long a call is repeated while Redis is away before it throws `unavailable`.
    public var patience: Duration = .seconds(5)
    /// The most connections for calls; waiting, heartbeats and events have their own.
    public var connections = 4
    /// How long jobs and runs stay readable after they ended.
    public var timeToLive: Duration = .seconds(7 * 86_400)
    /// The same for jobs that a job asked for, from the end of that job.
    public var childTimeToLive: Duration = .seconds(86_400)
    /// How long payload and result of a job that succeeded stay after its end (of a stage: after its run's). What did not
    /// succeed keeps them as long as itself, since a retry needs them.
    public var textRetention: Duration = .seconds(86_400)
    /// How long an idempotency key is remembered.
    public var idempotencyTimeToLive: Duration = .seconds(86_400)
    /// The pause before a job runs again after its second crash; it doubles with each further one.
    public var crashPause: Duration = .seconds(1)
    /// The largest result, encoded; larger ones belong into an artifact.
    public var maximumResultBytes = 32 << 20

    /// The defaults.
    public init() {}
}

extension Duration {
    /// Whole milliseconds, at least zero.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}
