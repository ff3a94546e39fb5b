// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A rank's tie to the process that started the run: it hears when to stop, and does not outlive it.
///
/// Rank 0 has a pipe from there as standard input. Every rank has `mpirun` (on other machines its daemon) as parent and
/// looks once a second whether it still has.
public enum RankConnection {
    static let stopLine = "stop"
    static let answerLine = "go on"

    private static let stopped = Atomic<Bool>(false)
    private static let answers = Atomic<Int>(0)

    /// Whether rank 0 was asked to stop.
    public static var isStopAsked: Bool { stopped.load(ordering: .relaxed) }

    /// Watches from now on; the process ends at once where it is left alone.
    public static func watch(rank: Int) {
        start { _ in
            let parent = getppid()
            while getppid() == parent { sleep(1) }
            _exit(1)
        }
        guard rank == 0 else { return }
        start { _ in
            var byte: UInt8 = 0
            var line: [UInt8] = []
            while read(0, &byte, 1) == 1 {
                if byte == UInt8(ascii: "\n") {
                    RankConnection.note(line)
                    line.removeAll()
                } else if line.count < 64 {
                    line.append(byte)
                }
            }
            _exit(1)
        }
    }

    /// Writes a line to whoever started the run, all at once.
    public static func tell(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return }
            sent += max(0, count)
        }
    }

    /// Waits until what was told is answered (``RankGroup/answer()``); what is told next must not be answered before.
    public static func awaitAnswer() {
        while answers.load(ordering: .acquiring) == 0 { usleep(2_000) }
        answers.wrappingSubtract(1, ordering: .relaxed)
    }

    private static func note(_ line: [UInt8]) {
        if line.elementsEqual(stopLine.utf8) { stopped.store(true, ordering: .relaxed) }
        if line.elementsEqual(answerLine.utf8) { answers.wrappingAdd(1, ordering: .releasing) }
    }

    private static func start(_ body: @escaping @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?) {
        var thread = pthread_t()
        if pthread_create(&thread, nil, body, nil) == 0 { pthread_detach(thread) }
    }
}
