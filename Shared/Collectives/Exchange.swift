// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import COpenMPI

/// Messages between this rank and others that belong together, and what to do when all have arrived.
///
/// Used by the thread of ``MessageThread`` alone once it is queued.
final class Exchange {
    /// One message.
    struct Part {
        let peer: Int
        let memory: UnsafeMutableRawPointer
        let bytes: Int
    }

    /// What an exchange sends and receives, made when its turn comes so that memory is held for few of them at a time.
    struct Messages {
        var sends: [Part] = []
        var receives: [Part] = []
        /// Called once all have moved, and must free what was taken for them.
        var complete: () -> Void = {}
    }

    /// Set under the lock of the queue.
    var isDone = false
    private let prepare: () -> Messages
    private var messages = Messages()
    private var requests: [UnsafeMutableRawPointer?] = []

    init(_ prepare: @escaping () -> Messages) { self.prepare = prepare }

    /// Hands all messages to MPI; they find each other by `tag`.
    func begin(tag: Int32) throws(CollectiveError) {
        messages = prepare()
        requests.reserveCapacity(messages.receives.count + messages.sends.count)
        for part in messages.receives {
            var request: UnsafeMutableRawPointer?
            try Self.check(cmpi_receive(part.memory, Int32(part.bytes), Int32(part.peer), tag, &request))
            requests.append(request)
        }
        for part in messages.sends {
            var request: UnsafeMutableRawPointer?
            try Self.check(cmpi_send(part.memory, Int32(part.bytes), Int32(part.peer), tag, &request))
            requests.append(request)
        }
    }

    /// Whether all messages have moved; then the exchange is complete.
    func advance() throws(CollectiveError) -> Bool {
        while !requests.isEmpty {
            var done: Int32 = 0
            try Self.check(cmpi_test(&requests[requests.count - 1], &done))
            guard done != 0 else { return false }
            requests.removeLast()
        }
        messages.complete()
        messages = Messages()
        return true
    }

    /// Throws what an error code of MPI means.
    static func check(_ code: Int32) throws(CollectiveError) {
        guard code != 0 else { return }
        var text = [CChar](repeating: 0, count: 300)
        cmpi_text(code, &text, text.count)
        let message = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        throw CollectiveError(.failed, "the exchange with the other ranks failed: \(message)")
    }
}
