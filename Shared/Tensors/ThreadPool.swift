// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels
import Glibc
import Synchronization

/// The one pool of compute threads of the process.
///
/// A call splits its work into numbered pieces that the calling thread and the workers take from one counter. Workers
/// spin for some microseconds between calls (a step of a small model joins every 20 µs) and then sleep on a condition
/// variable. Results never depend on which thread took which piece: callers give each piece its own output.
///
/// Invariant behind `@unchecked Sendable`: `body`, `pieces` and `stretches` are written by the caller that holds `turn`,
/// before `gate` opens, and read by workers only between entering and leaving through `gate`.
public final class ThreadPool: @unchecked Sendable {
    /// The pool everything uses: as many threads as the process may run on.
    public static let shared = ThreadPool(threads: Int(ck_processors()))

    /// Threads that compute, the calling one included.
    public var threads: Int { limit.load(ordering: .relaxed) }

    private static let open: UInt64 = 1 << 63
    private static let epochStep: UInt64 = 1 << 32
    private static let countMask: UInt64 = (1 << 32) - 1
    private static let spins = 4000
    private static let mostThreads = 512
    private static let perLine = 8

    private let limit: Atomic<Int>
    private let most: Atomic<Int>
    private let turn = Mutex<Int>(0)  // the number of workers started
    /// Bit 63: a call is open; bits 32...62: its number; bits 0...31: workers inside.
    private let gate = Atomic<UInt64>(0)
    private let next = Atomic<Int>(0)
    private var body: ((Int) -> Void)?
    private var pieces = 0
    /// Of a call in stretches: how many, and the next piece of each, a line of the cache apart. 0 else.
    private var stretches = 0
    private let nextOf = UnsafeMutablePointer<Atomic<Int>>.allocate(
        capacity: ThreadPool.mostThreads * ThreadPool.perLine)

    private let sleepers = Atomic<Int>(0)
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let done = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    private init(threads: Int) {
        let threads = min(threads, Self.mostThreads)
        limit = Atomic(max(1, threads))
        most = Atomic(max(1, threads))
        for index in 0..<Self.mostThreads * Self.perLine { (nextOf + index).initialize(to: Atomic(0)) }
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wake, nil)
        pthread_cond_init(done, nil)
    }

    /// Limits the threads that compute; workers beyond the limit sleep. At least 1, at most 512.
    public func setThreads(_ count: Int) {
        let count = min(max(1, count), Self.mostThreads)
        most.max(count, ordering: .relaxed)
        limit.store(count, ordering: .relaxed)
    }

    /// Above every number `slot` can give: how many scratch areas a call needs.
    public var slots: Int { most.load(ordering: .relaxed) }

    /// Calls `body` with every number below `pieces`, on all threads; returns when all have returned.
    ///
    /// Concurrent callers take turns. Called from inside a piece, it runs in that thread alone. `body` must write only
    /// what belongs to its number.
    public func run(_ pieces: Int, _ body: (Int) -> Void) {
        if pieces <= 1 || threads == 1 || Self.isInside {
            for piece in 0..<max(0, pieces) { body(piece) }
            return
        }
        start(pieces, stretches: 0, body)
    }

    /// As `run`, but neighbouring pieces go to one thread: each begins with a stretch of its own, and who is done takes
    /// from the others' what is left. Memory that pieces read one after the other is then read from front to end.
    ///
    /// `afterwards` is called by each thread that took part once no piece is left, with the number of its stretch.
    public func runStretches(_ pieces: Int, _ body: (Int) -> Void, afterwards: (Int) -> Void = { _ in }) {
        let threads = threads
        if pieces <= 1 || threads == 1 || Self.isInside {
            for piece in 0..<max(0, pieces) { body(piece) }
            return afterwards(0)
        }
        // A piece beyond the last is what comes after them.
        start(pieces, stretches: threads) { $0 < pieces ? body($0) : afterwards($0 - pieces) }
    }

    private func start(_ pieces: Int, stretches: Int, _ body: (Int) -> Void) {
        turn.withLock { started in
            while started < threads - 1 {
                started += 1
                start(worker: started)
            }
            self.stretches = stretches
            for stretch in 0..<stretches {
                nextOf[stretch * Self.perLine].store(stretch * pieces / stretches, ordering: .relaxed)
            }
            withoutActuallyEscaping(body) { work(pieces, $0) }
        }
    }

    /// Splits `count` elements into ranges of `grain` and calls `body` with each, on all threads.
    ///
    /// The ranges depend on `count` and `grain` alone, not on the number of threads.
    public func parallel(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        let grain = max(1, grain)
        run((count + grain - 1) / grain) { piece in
            body(piece * grain..<min(count, (piece + 1) * grain))
        }
    }

    private func work(_ pieces: Int, _ body: @escaping (Int) -> Void) {
        self.body = body
        self.pieces = pieces
        next.store(0, ordering: .relaxed)
        let number = (gate.load(ordering: .relaxed) &+ Self.epochStep) & ~(Self.open | Self.countMask)
        gate.store(number | Self.open, ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
            pthread_mutex_lock(mutex)
            pthread_cond_broadcast(wake)
            pthread_mutex_unlock(mutex)
        }
        Self.enter(slot: 0)
        takePieces(body, pieces)
        Self.enter(slot: nil)
        var state = gate.bitwiseAnd(~Self.open, ordering: .acquiringAndReleasing).newValue
        var spun = 0
        while state & Self.countMask != 0 {
            if spun < Self.spins {
                spun += 1
                ck_pause()
            } else {
                pthread_mutex_lock(mutex)
                while gate.load(ordering: .acquiring) & Self.countMask != 0 { pthread_cond_wait(done, mutex) }
                pthread_mutex_unlock(mutex)
            }
            state = gate.load(ordering: .acquiring)
        }
        self.body = nil
    }

    private func takePieces(_ body: (Int) -> Void, _ pieces: Int) {
        if stretches > 0 { return takeStretches(body, pieces) }
        while true {
            let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
            if piece >= pieces { return }
            body(piece)
        }
    }

    private func takeStretches(_ body: (Int) -> Void, _ pieces: Int) {
        let (count, own) = (stretches, Self.slot % stretches)
        for turn in 0..<count {
            let stretch = (own + turn) % count
            let end = (stretch + 1) * pieces / count
            while true {
                let piece = nextOf[stretch * Self.perLine].wrappingAdd(1, ordering: .relaxed).oldValue
                if piece >= end { break }
                body(piece)
            }
        }
        body(pieces + own)
    }

    /// Kept out of line so that nothing of the caller's closure is held once it returns.
    @inline(never)
    private func takeOpenPieces() {
        if let body { takePieces(body, pieces) }
    }

    private func start(worker: Int) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(WorkerContext(pool: self, number: worker))
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let context = Unmanaged<WorkerContext>.fromOpaque(argument).takeRetainedValue()
                context.pool.serve(worker: context.number)
                return nil
            }, context.toOpaque())
        if status == 0 { pthread_detach(thread) } else { context.release() }
    }

    /// The life of a worker: wait for a call it has not seen, take pieces, leave. Never returns.
    private func serve(worker: Int) {
        Self.enter(slot: worker)
        var seen: UInt64 = 0
        while true {
            var state = gate.load(ordering: .acquiring)
            var spun = 0
            while !isWork(state, seen, worker) {
                if spun < Self.spins {
                    spun += 1
                    ck_pause()
                } else {
                    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
                    pthread_mutex_lock(mutex)
                    while !isWork(gate.load(ordering: .sequentiallyConsistent), seen, worker) {
                        pthread_cond_wait(wake, mutex)
                    }
                    pthread_mutex_unlock(mutex)
                    sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
                }
                state = gate.load(ordering: .acquiring)
            }
            let entered = gate.compareExchange(
                expected: state, desired: state + 1, ordering: .acquiringAndReleasing)
            guard entered.exchanged else { continue }
            seen = state & ~(Self.open | Self.countMask)
            takeOpenPieces()
            let left = gate.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
            if left & Self.open == 0 && left & Self.countMask == 0 {
                pthread_mutex_lock(mutex)
                pthread_cond_broadcast(done)
                pthread_mutex_unlock(mutex)
            }
        }
    }

    private func isWork(_ state: UInt64, _ seen: UInt64, _ worker: Int) -> Bool {
        state & Self.open != 0 && state & ~(Self.open | Self.countMask) != seen && worker < threads
    }

    /// The number of the thread that computes the current piece, below `slots`; 0 for the caller and outside.
    ///
    /// For scratch memory: pieces that run at the same time in one call have different numbers.
    public static var slot: Int { max(0, Int(bitPattern: pthread_getspecific(insideKey)) - 1) }

    /// Whether the current thread is computing a piece.
    private static var isInside: Bool { pthread_getspecific(insideKey) != nil }

    /// Marks the current thread as number `slot` of the pool, or as none of it.
    private static func enter(slot: Int?) {
        pthread_setspecific(insideKey, slot.flatMap { UnsafeRawPointer(bitPattern: $0 + 1) })
    }

    private static let insideKey: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()
}

/// What a worker thread is told at its start.
private final class WorkerContext {
    let pool: ThreadPool
    let number: Int

    init(pool: ThreadPool, number: Int) {
        self.pool = pool
        self.number = number
    }
}
