// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Glibc
import Synchronization

/// SIGINT and SIGTERM as a stream: the first asks for a graceful stop, a second one ends the process at once.
enum StopSignals {
    /// A second signal within this many milliseconds is the same wish: a terminal's and a supervisor's come together.
    private static let sameWish = 500

    private static let pipe: (read: Int32, write: Int32) = {
        var ends: [Int32] = [-1, -1]
        _ = Glibc.pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }()
    private static let first = Atomic<Int>(0)
    private static let received = Atomic<Int>(0)

    /// The signal that asked for the stop, or nil.
    static var number: Int32? {
        let number = received.load(ordering: .acquiring)
        return number == 0 ? nil : Int32(number)
    }

    /// Starts to listen; call once a process, before anything that waits for a stop.
    static func install() -> AsyncStream<Int32> {
        _ = pipe
        _ = first.load(ordering: .relaxed)
        _ = received.load(ordering: .relaxed)
        // A reader that went away, or a file at its size limit, is an error of a call, not the process's death.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        for number in [SIGINT, SIGTERM] {
            // Only calls that POSIX allows in a handler.
            signal(number) { number in
                var now = timespec()
                clock_gettime(CLOCK_MONOTONIC, &now)
                let milliseconds = now.tv_sec * 1000 + now.tv_nsec / 1_000_000
                let (isFirst, earlier) = StopSignals.first.compareExchange(
                    expected: 0, desired: milliseconds, ordering: .relaxed)
                if isFirst {
                    StopSignals.received.store(Int(number), ordering: .releasing)
                    var byte = UInt8(truncatingIfNeeded: number)
                    _ = write(StopSignals.pipe.write, &byte, 1)
                } else if milliseconds - earlier > StopSignals.sameWish {
                    _exit(128 + number)
                }
            }
        }
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        _ = OwnThread.detach {
            var byte: UInt8 = 0
            while read(pipe.read, &byte, 1) < 0, errno == EINTR {}
            continuation.yield(Int32(byte))
            continuation.finish()
        }
        return stream
    }
}
