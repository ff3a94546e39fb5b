// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Jobs
import Messages

/// The job of the queue's bench: a text of 300 bytes that begins with the time of its submission. Its body appends one
/// record to a file: that time and the time it started, so that counting and timing need no further traffic.
struct BenchJob: ClaimedJobHandler {
    static let kind: JobKind = "bench.noop"
    /// What a payload has at least, bytes.
    static let payloadBytes = 300

    let kinds = [Self.kind]
    private let file: Int32
    private let pause: Duration

    /// - Parameter pause: how long each job sleeps after its record.
    init(done path: String, pause: Duration) throws {
        file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw UsageError("cannot write \(path): \(String(cString: strerror(errno)))") }
        self.pause = pause
    }

    /// Seconds of CLOCK_MONOTONIC, which all processes of a machine share.
    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// A message to submit now.
    static func message() -> JobMessage {
        let time = "\(now())|"
        let text = time + String(repeating: "x", count: payloadBytes - time.utf8.count)
        return JobMessage(kind: kind, payload: ["text": .string(text)])
    }

    func handle(_ envelope: JobEnvelope, control: JobControl) async -> JobOutcome {
        guard let text = envelope.message.payload["text"]?.stringValue,
            let submitted = text.utf8.firstIndex(of: UInt8(ascii: "|")).flatMap({ Double(text[..<$0]) })
        else { return .failed(.badInput("no time of submission")) }
        // Two little-endian doubles; one write of 16 bytes is whole under O_APPEND.
        let written = withUnsafeBytes(of: (submitted, Self.now())) { write(file, $0.baseAddress, $0.count) }
        guard written == 16 else { return .failed(.badInput("the record was not written")) }
        if pause > .zero {
            do { try await Task.sleep(for: pause) } catch { return .interrupted }
        }
        return .completed(JobResult(status: .succeeded))
    }
}
