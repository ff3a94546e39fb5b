// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// The input being read, in a file that outlives a crash: memory that is mapped from it, so that noting costs a copy.
final class FuzzJournal {
    private let file: URL
    private let descriptor: Int32
    private let memory: UnsafeMutableRawBufferPointer

    init(_ file: URL, capacity: Int) throws {
        self.file = file
        let size = capacity + 8
        descriptor = open(file.path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, size) == 0,
            let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), start != MAP_FAILED
        else { throw FuzzFailure("\(file.path): can't be written; set MELLAMA_FUZZ_FOLDER to a folder that can") }
        memory = UnsafeMutableRawBufferPointer(start: start, count: size)
    }

    deinit {
        munmap(memory.baseAddress, memory.count)
        close(descriptor)
        try? FileManager.default.removeItem(at: file)
    }

    /// The number of bytes (64-bit, little-endian), then the bytes.
    func note(_ input: [UInt8]) {
        let count = min(input.count, memory.count - 8)
        memory.storeBytes(of: UInt64(count).littleEndian, as: UInt64.self)
        input.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: memory[8...]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
        }
    }
}
