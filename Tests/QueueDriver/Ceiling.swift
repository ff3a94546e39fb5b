// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Redis
import Synchronization

/// How fast one server can hand out and end jobs by our scripts: the worker's own calls, by callers that do nothing else
/// and keep several calls under way each, so that the server never waits.
struct Ceiling: Sendable {
    let configuration: RedisConfiguration
    /// The deployment's `meta` key.
    let meta: String
    /// Jobs that one call ends and claims.
    let batch: Int
    /// Calls in one write.
    let depth: Int

    /// Ends all jobs that are ready, by two callers; gives how many, and how long it took.
    func drain() async throws -> (jobs: Int, seconds: Double) {
        let start = BenchJob.now()
        let jobs = try await withThrowingTaskGroup(of: Int.self) { group in
            for caller in 0..<2 {
                group.addTask { try await onThread { () throws(RedisError) in try drain(caller) } }
            }
            return try await group.reduce(0, +)
        }
        return (jobs, BenchJob.now() - start)
    }

    private func onThread(_ body: @escaping @Sendable () throws(RedisError) -> Int) async throws -> Int {
        let thread = BlockingThread(name: "ceiling")
        let result = await withCheckedContinuation { continuation in
            thread.perform { continuation.resume(returning: Result(catching: body)) }
        }
        return try result.get()
    }

    private func drain(_ caller: Int) throws(RedisError) -> Int {
        let session = try RedisSession(configuration: configuration)
        defer { session.close() }
        // The first call teaches the server the script.
        let script = QueueScripts.complete
        _ = try session.exchange([script.evaluate(keys: [meta], arguments: ["0"], by: .source)])
        var held = [[RESPValue]](repeating: [], count: depth)
        var ended = 0
        var calls = 0
        while true {
            let commands = held.enumerated().map { lane, jobs in
                var arguments = [String(jobs.count)]
                for job in jobs { arguments += [job.array?[0].string ?? "", job.array?[1].string ?? "", Self.result] }
                arguments += [
                    "ceiling-\(caller)-\(lane)", "15000", String(batch), "\(calls)", "", BenchJob.kind.rawValue,
                ]
                return script.evaluate(keys: [meta], arguments: arguments, by: .digest)
            }
            calls += 1
            let replies = try session.exchange(commands)
            ended += held.reduce(0) { $0 + $1.count }
            held = replies.map { Array(($0.array?.last?.array ?? []).dropFirst()) }
            if held.allSatisfy(\.isEmpty) { return ended }
        }
    }

    /// As the worker sends it for the bench's job.
    private static let result = #"{"artifacts":[],"error":null,"metrics":{},"output":null,"status":"succeeded"}"#
}
