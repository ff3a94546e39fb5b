// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Shows that the thread sanitizer is alive and knows Swift's runtime: `sanitizer-probe CASE`. Cases whose names begin
/// with `race` are wrong and must be reported; the others are right, and nothing may be said of them.
@main
enum SanitizerProbe {
    /// Memory that nothing guards.
    ///
    /// Unchecked: whether its users take turns is what is probed.
    private final class Unguarded: @unchecked Sendable {
        var count = 0
        var values: [Int] = []

        func touch(_ value: Int) {
            count += 1
            values = values.count < 50 ? values + [value] : []
        }
    }

    private actor Counter {
        private let inner = Unguarded()
        var count: Int { inner.count }

        func touch(_ value: Int) { inner.touch(value) }
    }

    static func main() async {
        let name = CommandLine.arguments.dropFirst().first ?? ""
        switch name {
        case "race": await raceOfTasks()
        case "race-of-locks": await raceOfLocks()
        case "race-after-resume": await raceAfterResume()
        case "locks": await locks()
        case "copies": await copies()
        case "continuations": await continuations()
        case "tasks": await tasks()
        case "streams": await streams()
        default:
            print("sanitizer-probe: no case \(name)")
            exit(64)
        }
    }

    // MARK: Wrong

    /// Two tasks write as they like. They meet first, or one thread might run both.
    private static func raceOfTasks() async {
        let shared = Unguarded()
        await together { shared.touch(1) }
    }

    /// Each task has a lock of its own.
    private static func raceOfLocks() async {
        let shared = Unguarded()
        await together {
            let lock = Mutex(0)
            lock.withLock {
                $0 += 1
                shared.touch($0)
            }
        }
    }

    /// A thread writes what it has handed over already.
    private static func raceAfterResume() async {
        for _ in 0..<200 {
            let shared = await withCheckedContinuation { (continuation: CheckedContinuation<Unguarded, Never>) in
                let shared = Unguarded()
                onThread {
                    continuation.resume(returning: shared)
                    shared.touch(1)
                }
            }
            shared.touch(2)
        }
    }

    private static func together(_ body: @escaping @Sendable () -> Void) async {
        let here = Atomic<Int>(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask { @Sendable in
                    // Relaxed: they meet, and nothing is said of who comes first.
                    here.add(1, ordering: .relaxed)
                    while here.load(ordering: .relaxed) < 2 {}
                    body()
                }
            }
        }
    }

    // MARK: Right

    /// Many tasks contend for one lock, so that it is handed over both ways.
    private static func locks() async {
        let shared = Unguarded()
        let lock = Mutex(0)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { @Sendable in
                    for _ in 0..<20_000 {
                        lock.withLock {
                            $0 += 1
                            shared.touch(task)
                        }
                    }
                }
            }
        }
        check(shared.count == 160_000)
    }

    /// One task reads copies that it took under the lock; the other writes in place where it is the one owner.
    private static func copies() async {
        let values = Mutex([Int](repeating: 0, count: 100))
        await withTaskGroup(of: Void.self) { group in
            group.addTask { @Sendable in
                for round in 0..<20_000 {
                    values.withLock { $0[round % 100] += 1 }
                    if round.isMultiple(of: 100) { usleep(10) }
                }
            }
            group.addTask { @Sendable in
                for round in 0..<20_000 {
                    let copy = values.withLock { $0 }
                    check(copy[round % 100] <= 20_000)
                }
            }
        }
        check(values.withLock { $0.reduce(0, +) } == 20_000)
    }

    /// Values are handed over before the task waits for them, and after.
    private static func continuations() async {
        for round in 0..<2_000 {
            let shared = Unguarded()
            let answer = await withCheckedContinuation { (continuation: CheckedContinuation<Unguarded, Never>) in
                shared.touch(round)
                onThread {
                    shared.touch(round)
                    let answer = Unguarded()
                    answer.touch(round)
                    continuation.resume(returning: answer)
                }
                // Now and then the thread is first.
                if round.isMultiple(of: 3) { usleep(100) }
            }
            shared.touch(answer.count)
            check(shared.count == 3)
        }
    }

    /// Values go into child tasks and come back, and an actor's state from thread to thread.
    private static func tasks() async {
        let counter = Counter()
        for _ in 0..<50 {
            let given = Unguarded()
            given.touch(0)
            await withTaskGroup(of: Unguarded.self) { group in
                for number in 0..<40 {
                    group.addTask { @Sendable in
                        let made = Unguarded()
                        made.touch(number + given.count)
                        await counter.touch(number)
                        made.touch(number)
                        return made
                    }
                }
                for await made in group { made.touch(0) }
            }
            given.touch(1)
        }
        check(await counter.count == 2_000)
    }

    /// Values go through a stream.
    private static func streams() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Unguarded.self)
        onThread {
            for round in 0..<5_000 {
                let made = Unguarded()
                made.touch(round)
                continuation.yield(made)
                if round.isMultiple(of: 50) { usleep(100) }
            }
            continuation.finish()
        }
        var count = 0
        for await made in stream {
            made.touch(count)
            count += 1
        }
        check(count == 5_000)
    }

    private static func check(_ holds: Bool) {
        guard !holds else { return }
        print("sanitizer-probe: a case went wrong by itself")
        exit(70)
    }

    private static func onThread(_ body: @escaping @Sendable () -> Void) {
        final class Start {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { raw in
                if let raw { Unmanaged<Start>.fromOpaque(raw).takeRetainedValue().body() }
                return nil
            }, Unmanaged.passRetained(Start(body)).toOpaque())
        pthread_detach(thread)
    }
}
