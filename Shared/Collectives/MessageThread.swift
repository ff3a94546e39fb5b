// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import COpenMPI
import Glibc

/// The one thread of a process that speaks MPI, so that messages move while the others compute.
///
/// It asks MPI every 20 to 200 microseconds for news and sleeps in between: with a rank a processor, waiting inside MPI
/// would take the processor from the rank that is waited for.
///
/// Invariant behind `@unchecked Sendable`: `queue`, `unfinished`, `failure`, `isClosing`, `started` and `isDone` of every
/// exchange are read and written under `mutex`; `beginning`, `active` and `sequence` by the thread alone.
final class MessageThread: @unchecked Sendable {
    /// Exchanges under way at a time; bounds the memory that sums take.
    static let window = 3
    private static let tags: Int32 = 16384

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let news = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let ended = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queue: [Exchange] = []
    private var unfinished = 0
    private var failure: CollectiveError?
    private var isClosing = false
    private var started: (rank: Int, size: Int)?
    private var beginning: [Exchange] = []
    private var active: [Exchange] = []
    private var sequence: Int32 = 0

    /// Starts MPI, which may take until every rank has.
    init() throws(CollectiveError) {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(news, nil)
        pthread_cond_init(ended, nil)
        // A connection to a rank that is gone is an error of the call, not the end of this process.
        signal(SIGPIPE, SIG_IGN)
        if let problem = cmpi_load() {
            throw CollectiveError(
                .unavailable, "no Open MPI was found (\(String(cString: problem))): \(CollectiveError.remedy)")
        }
        var thread = pthread_t()
        let this = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<MessageThread>.fromOpaque(argument).takeRetainedValue().serve()
                return nil
            }, this.toOpaque())
        guard status == 0 else {
            this.release()
            throw CollectiveError(.notStarted, "no thread for messages can be started (\(status))")
        }
        pthread_detach(thread)
    }

    deinit {
        for condition in [news, ended] {
            pthread_cond_destroy(condition)
            condition.deallocate()
        }
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// This process's number and how many there are, once MPI has started.
    func place() throws(CollectiveError) -> (rank: Int, size: Int) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while started == nil, failure == nil { pthread_cond_wait(ended, mutex) }
        if let failure { throw failure }
        return started ?? (0, 1)
    }

    /// Queues an exchange. Every rank queues the same ones in the same order.
    func add(_ exchange: Exchange) throws(CollectiveError) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if let failure { throw failure }
        queue.append(exchange)
        unfinished += 1
        pthread_cond_signal(news)
    }

    /// Waits for one exchange, or for all where nil.
    func wait(for exchange: Exchange? = nil) throws(CollectiveError) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while failure == nil, !(exchange.map(\.isDone) ?? (unfinished == 0)) { pthread_cond_wait(ended, mutex) }
        if let failure { throw failure }
    }

    /// Ends MPI when all exchanges are done.
    func close() throws(CollectiveError) {
        try wait()
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        isClosing = true
        pthread_cond_signal(news)
        while failure == nil, isClosing { pthread_cond_wait(ended, mutex) }
        if let failure { throw failure }
    }

    /// The life of the thread.
    private func serve() {
        do throws(CollectiveError) {
            var (rank, size): (Int32, Int32) = (0, 1)
            try Exchange.check(cmpi_start(&rank, &size))
            locked { started = (Int(rank), Int(size)) }
            var pause: UInt32 = 20
            while takeWork() {
                try begin()
                if try advance() {
                    pause = 20
                } else if !active.isEmpty {
                    usleep(pause)
                    pause = min(200, pause * 2)
                } else {
                    try Exchange.check(cmpi_progress())
                }
            }
            try Exchange.check(cmpi_finish())
            locked { isClosing = false }
        } catch {
            // Mostly another rank is gone. `mpirun` is about to notice, and to end this one too: were it quicker, it would
            // be named instead.
            if started != nil { sleep(10) }
            locked { failure = error }
        }
    }

    /// Moves queued exchanges to `active`, waiting up to two milliseconds for one; false once all is done and closed.
    private func takeWork() -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if active.isEmpty, queue.isEmpty {
            if isClosing { return false }
            var deadline = timespec()
            clock_gettime(CLOCK_REALTIME, &deadline)
            deadline.tv_nsec += 2_000_000
            if deadline.tv_nsec >= 1_000_000_000 {
                deadline.tv_nsec -= 1_000_000_000
                deadline.tv_sec += 1
            }
            pthread_cond_timedwait(news, mutex, &deadline)
        }
        let count = min(queue.count, Self.window - active.count)
        beginning = Array(queue.prefix(count))
        queue.removeFirst(count)
        return true
    }

    private func begin() throws(CollectiveError) {
        for exchange in beginning {
            try exchange.begin(tag: sequence)
            sequence = (sequence + 1) % Self.tags
            active.append(exchange)
        }
        beginning = []
    }

    /// Completes what has arrived, in order; whether anything was.
    private func advance() throws(CollectiveError) -> Bool {
        var moved = false
        var index = 0
        while index < active.count {
            guard try active[index].advance() else {
                index += 1
                continue
            }
            let exchange = active.remove(at: index)
            moved = true
            locked {
                exchange.isDone = true
                unfinished -= 1
            }
        }
        return moved
    }

    /// Changes what is shared and wakes who waits for it.
    private func locked(_ change: () -> Void) {
        pthread_mutex_lock(mutex)
        change()
        pthread_cond_broadcast(ended)
        pthread_mutex_unlock(mutex)
    }
}
