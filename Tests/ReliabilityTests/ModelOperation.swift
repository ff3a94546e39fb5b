// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FaultInjection
import Jobs
import Messages

/// One call of a broker, or a while of time. Jobs, attempts and runs are named by number, taken modulo how many there
/// are when the call is made: a sequence still means something when others of its calls are left out.
enum ModelOperation: Hashable, Sendable {
    case submit(Submission)
    /// A run of a shape: see `ModelRecipe`.
    case submitRun(shape: Int, priority: Int, key: Int?)
    case claim(kinds: Int, worker: Int, limit: Int, lease: Int)
    case heartbeat(attempts: [Int], lease: Int, step: Int?)
    case complete(attempt: Int, hasOutput: Bool)
    case fail(attempt: Int, isRetryable: Bool, pause: Int)
    case release(attempt: Int)
    case confirmCancelled(attempt: Int)
    case cancel(job: Int)
    case cancelRun(run: Int)
    case retry(job: Int)
    case reap
    case bulk([Submission])
    /// Completions, and a claim in the same call. `loaded` has a bit for each of two models, or is -1 for a worker that keeps
    /// none.
    case completeMany(attempts: [Int], kinds: Int, limit: Int, loaded: Int)
    /// Parts of answers, of one text each.
    case publish(attempts: [Int])
    case discard(job: Int)
    case purge(job: Int)
    case purgeRun(run: Int)
    case purgeEnded(age: Int, limit: Int)
    case control(kind: Int, isPaused: Bool, depth: Int?, running: Int?, tenantDepth: Int?, tenantRunning: Int?)
    case pause(kind: Int, Bool)
    /// Milliseconds.
    case pass(Int)

    struct Submission: Hashable, Sendable {
        /// The body; also makes the id where `repeats` is nil.
        var body: Int
        /// Submits under the id of an earlier job.
        var repeats: Int?
        var kind: Int
        var tenant: Int
        var priority: Int
        var parent: Int?
        /// Milliseconds from now.
        var deadline: Int?
        var attempts: Int
        var crashes: Int
        var key: Int?
        /// Milliseconds from now.
        var notBefore: Int?
    }

    static let kinds: [JobKind] = [.tokenizeText, .inferScore]

    /// A call drawn at random.
    static func random(_ g: inout SeededGenerator) -> ModelOperation {
        func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &g) }
        func rarely(_ n: Int, _ value: @autoclosure () -> Int) -> Int? { below(n) == 0 ? value() : nil }
        func submission() -> Submission {
            Submission(
                body: below(4), repeats: rarely(8, below(20)), kind: below(2), tenant: below(2),
                priority: below(4) == 0 ? below(5) - 2 : 0, parent: rarely(4, below(20)),
                deadline: rarely(5, 1 + below(20) * 1000), attempts: 1 + below(3), crashes: 1 + below(3),
                key: rarely(6, below(3)), notBefore: rarely(6, below(8) * 1000))
        }
        switch below(118) {
        case 0..<16: return .submit(submission())
        case 16..<22:
            return .submitRun(shape: below(ModelRecipe.count), priority: below(3) - 1, key: rarely(6, below(2)))
        case 22..<44:
            return .claim(kinds: 1 + below(3), worker: below(2), limit: 1 + below(4), lease: (1 + below(10)) * 1000)
        case 44..<50:
            return .heartbeat(
                attempts: (0...below(3)).map { _ in below(20) }, lease: (1 + below(10)) * 1000,
                step: rarely(2, below(9)))
        case 50..<60: return .complete(attempt: below(20), hasOutput: below(6) > 0)
        case 60..<69: return .fail(attempt: below(20), isRetryable: below(3) > 0, pause: below(4) * 1500)
        case 69..<73: return .release(attempt: below(20))
        case 73..<76: return .confirmCancelled(attempt: below(20))
        case 76..<81: return .cancel(job: below(20))
        case 81..<83: return .cancelRun(run: below(4))
        case 83..<88: return .retry(job: below(20))
        case 88..<94: return .reap
        case 94..<97: return .bulk((0...below(4)).map { _ in submission() })
        case 97..<101:
            return .completeMany(
                attempts: (0...below(2)).map { _ in below(20) }, kinds: 1 + below(3), limit: below(3),
                loaded: rarely(4, -1) ?? below(4))
        case 101: return .discard(job: below(20))
        case 102: return .purge(job: below(20))
        case 103: return .purgeRun(run: below(4))
        case 104: return .purgeEnded(age: below(5) * 1000, limit: 1 + below(4))
        case 105, 106:
            return .control(
                kind: below(2), isPaused: below(4) == 0, depth: rarely(3, 2 + below(6)),
                running: rarely(3, 1 + below(3)),
                tenantDepth: rarely(3, 1 + below(4)), tenantRunning: rarely(2, 1 + below(2)))
        case 107: return .pause(kind: below(2), below(3) == 0)
        case 108..<111: return .publish(attempts: (0...below(2)).map { _ in below(20) })
        default: return .pass(1 + below(12) * 700)
        }
    }
}
