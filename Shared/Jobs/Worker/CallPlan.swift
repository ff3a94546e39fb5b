// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a worker's callers do next: decisions only, no clock, no socket.
///
/// Whoever is free takes all that has ended since, and asks for as many jobs as there are free slots in the same call.
/// So a lone job is reported at once, and under load what ends during one call is gathered for the next.
struct CallPlan {
    /// A thing to do.
    enum Step {
        /// Report these attempts and ask for up to `limit` jobs; none where it is zero.
        case call([EndedAttempt], limit: Int)
        /// Nothing is ready: sleep on the wake list, at most until the next delayed job is due.
        case sleep(due: Duration?)
        /// No job is held and none will be asked for.
        case finish
    }

    /// Slots that run nothing and are not promised to a call under way.
    private(set) var free: Int
    /// Jobs claimed whose end is not yet reported.
    private(set) var held = 0
    private var ended: [EndedAttempt] = []
    /// Calls under way that ask for jobs.
    private var claims = 0
    /// Whether the last claim found less than it asked for.
    private var isExhausted = false
    private var due: Duration?
    private var isSleeping = false
    private var isStopping = false

    init(slots: Int) { free = max(1, slots) }

    /// Whether jobs may be asked for. Not while somebody sleeps on the wake list: a token must find a free slot here.
    private var mayClaim: Bool { free > 0 && !isStopping && !isSleeping }

    /// Whether `next` has something to do.
    var hasStep: Bool {
        if !ended.isEmpty { return true }
        if isStopping { return held == 0 && claims == 0 }
        return mayClaim && claims == 0
    }

    /// What to do now; nil until something changes.
    mutating func next() -> Step? {
        guard hasStep else { return nil }
        if ended.isEmpty {
            if isStopping { return .finish }
            if isExhausted {
                isSleeping = true
                return .sleep(due: due)
            }
        }
        let limit = mayClaim ? free : 0
        free -= limit
        if limit > 0 { claims += 1 }
        defer { ended = [] }
        return .call(ended, limit: limit)
    }

    /// A call for up to `limit` jobs gave so many.
    mutating func claimed(_ count: Int, of limit: Int, due: Duration?) {
        guard limit > 0 else { return }
        claims -= 1
        free += limit - count
        held += count
        isExhausted = count < limit
        self.due = due
    }

    /// A call for up to `limit` jobs failed; what it was to report is to be reported again.
    mutating func failed(_ attempts: [EndedAttempt], limit: Int) {
        ended.insert(contentsOf: attempts, at: 0)
        guard limit > 0 else { return }
        claims -= 1
        free += limit
    }

    /// An attempt has succeeded: its slot is free while its report is under way.
    mutating func succeeded(_ attempt: EndedAttempt) {
        ended.append(attempt)
        free += 1
    }

    /// So many reports were answered.
    mutating func reported(_ count: Int) { held -= count }

    /// An attempt that ended otherwise was reported by itself.
    mutating func settled() {
        held -= 1
        free += 1
    }

    /// A token came, or the time was over.
    mutating func woke() {
        isSleeping = false
        isExhausted = false
    }

    /// No more jobs are asked for.
    mutating func stop() { isStopping = true }
}
