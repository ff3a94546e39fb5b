// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Synchronization

/// The wall clock of a server under test: stepped or stood still while the server runs.
///
/// The server maps the clock's file by a preloaded library (`Tests/TestClock`), so that a new time holds at once and for
/// every call that the server makes after it. Monotonic clocks stay as they are.
public final class ServerClock: Sendable {
    private let path: String
    private let file: Int32
    // Written through the file, not through the mapping: a write of eight bytes at once is whole for the reader.
    private let lock = Mutex(())

    /// A clock that shows the machine's time.
    public init() throws {
        var template = Array("/tmp/mellama-clock-XXXXXX\0".utf8.map(CChar.init(bitPattern:)))
        file = mkstemp(&template)
        guard file >= 0 else { throw ServerClockError("cannot make a file in /tmp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard ftruncate(file, 4096) == 0 else { throw ServerClockError("cannot write \(path)") }
        guard access(Self.preloaded, R_OK) == 0 else {
            throw ServerClockError("\(Self.preloaded) is not there; build with --build-tests")
        }
    }

    deinit {
        close(file)
        unlink(path)
    }

    private static var preloaded: String { ServiceProcess.folder.path + "/libTestClock.so" }

    /// What a process is started with to live by this clock.
    var environment: [String: String] { ["LD_PRELOAD": Self.preloaded, "TEST_CLOCK_FILE": path] }

    /// Lets the clock go, so much before or behind the machine's.
    public func run(offset: Duration) {
        let (seconds, attoseconds) = offset.components
        write(seconds * 1_000_000_000 + attoseconds / 1_000_000_000, at: 0)
        write(0, at: 8)
    }

    /// Stands the clock still at a time in ms since 1970.
    public func freeze(at milliseconds: Int64) { write(milliseconds * 1_000_000, at: 8) }

    private func write(_ value: Int64, at place: Int) {
        lock.withLock { _ in
            withUnsafeBytes(of: value) { bytes in _ = pwrite(file, bytes.baseAddress, bytes.count, place) }
        }
    }
}

/// Why a clock could not be made.
public struct ServerClockError: Error, CustomStringConvertible {
    /// What went wrong.
    public let description: String

    init(_ description: String) { self.description = description }
}
