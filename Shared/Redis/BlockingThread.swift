// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread of its own for calls that block, so that they never hold a thread of the cooperative pool.
///
/// Runs what it is given in order, timed work when it is due. Ends when the last reference goes, after what is queued.
public final class BlockingThread: Sendable {
    private let queue: WorkQueue

    /// Starts a thread; the name is cut to the 15 bytes Linux shows.
    public init(name: String) {
        queue = WorkQueue()
        let start = Start(queue: queue, name: String(name.utf8.prefix(15)) ?? "blocking")
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let raw = Unmanaged.passRetained(start).toOpaque()
        let status = pthread_create(
            &thread, &attributes,
            { raw in
                guard let raw else { return nil }
                let start = Unmanaged<Start>.fromOpaque(raw).takeRetainedValue()
                start.nameThread()
                start.queue.drain()
                return nil
            }, raw)
        pthread_attr_destroy(&attributes)
        precondition(status == 0, "cannot start a thread: the system's limit on threads is reached (ulimit -u)")
    }

    deinit { queue.stop() }

    /// Runs the work after all that was given before it.
    public func perform(_ work: @escaping @Sendable () -> Void) { queue.add(work, due: nil) }

    /// Runs the work once the time has passed.
    public func perform(after delay: Duration, _ work: @escaping @Sendable () -> Void) {
        queue.add(work, due: .now + delay)
    }

    /// Suspends the caller for a time that this thread measures, however busy the cooperative pool is.
    public func sleep(for delay: Duration) async {
        await withCheckedContinuation { continuation in perform(after: delay) { continuation.resume() } }
    }

    private final class Start {
        let queue: WorkQueue
        let name: String

        init(queue: WorkQueue, name: String) {
            self.queue = queue
            self.name = name
        }

        /// Names the calling thread for debuggers; glibc's own call is hidden from Swift by a feature macro.
        func nameThread() {
            let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { return }
            _ = name.withCString { write(file, $0, strlen($0)) }
            _ = close(file)
        }
    }
}

/// The work of one thread, plain and timed.
///
/// Unchecked: every mutable property is read and written only while `mutex` is held.
private final class WorkQueue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var ready: [@Sendable () -> Void] = []
    private var timed: [(due: ContinuousClock.Instant, work: @Sendable () -> Void)] = []
    private var isStopped = false

    init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func add(_ work: @escaping @Sendable () -> Void, due: ContinuousClock.Instant?) {
        pthread_mutex_lock(mutex)
        if let due {
            let index = timed.firstIndex { due < $0.due } ?? timed.endIndex
            timed.insert((due, work), at: index)
        } else {
            ready.append(work)
        }
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    func stop() {
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// The thread's body.
    func drain() {
        pthread_mutex_lock(mutex)
        while true {
            let now = ContinuousClock.now
            while let first = timed.first, isStopped || first.due <= now {
                ready.append(first.work)
                timed.removeFirst()
            }
            guard ready.isEmpty else {
                let batch = ready
                ready = []
                pthread_mutex_unlock(mutex)
                for work in batch { work() }
                pthread_mutex_lock(mutex)
                continue
            }
            if isStopped { break }
            wait(until: timed.first?.due, now: now)
        }
        pthread_mutex_unlock(mutex)
    }

    private func wait(until due: ContinuousClock.Instant?, now: ContinuousClock.Instant) {
        guard let due else {
            pthread_cond_wait(condition, mutex)
            return
        }
        let (seconds, attoseconds) = (due - now).components
        var limit = timespec()
        clock_gettime(CLOCK_MONOTONIC, &limit)
        limit.tv_sec += Int(seconds)
        limit.tv_nsec += Int(attoseconds / 1_000_000_000)
        if limit.tv_nsec >= 1_000_000_000 {
            limit.tv_sec += 1
            limit.tv_nsec -= 1_000_000_000
        }
        pthread_cond_timedwait(condition, mutex, &limit)
    }
}
