// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Testing

@testable import Checkpoints

@Suite("A GGUF file's header is checked before anything is read")
struct GGUFFileTests {
    /// A file of one tensor "t" and no metadata.
    private func file(
        extents: [UInt64], type: UInt32 = 0, offset: UInt64 = 0, version: UInt32 = 3, data: Int = 64
    ) -> [UInt8] {
        var bytes = Array("GGUF".utf8)
        func append(_ number: some FixedWidthInteger) {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        append(version)
        append(UInt64(1))
        append(UInt64(0))
        append(UInt64(1))
        bytes.append(UInt8(ascii: "t"))
        append(UInt32(extents.count))
        extents.forEach { append($0) }
        append(type)
        append(offset)
        while bytes.count % 32 != 0 { bytes.append(0) }
        return bytes + [UInt8](repeating: 0, count: data)
    }

    private func code(_ bytes: [UInt8]) throws -> CheckpointError.Code? {
        let mapped = try MappedFile(contents: bytes, named: "made")
        do { _ = try GGUFFile(mapped) } catch let error as CheckpointError { return error.code }
        return nil
    }

    @Test("what it says must be in the file")
    func bounds() throws {
        #expect(try code(file(extents: [4, 4])) == nil)
        #expect(try code(file(extents: [4, 5])) == .truncated)
        #expect(try code(file(extents: [4, 4], offset: 32)) == .truncated)
        #expect(try code(file(extents: [4], offset: 8)) == .malformed)
        #expect(try code(file(extents: [4], offset: .max)) == .malformed)
        #expect(try code(file(extents: [32], type: 8)) == nil)
        #expect(try code(file(extents: [31], type: 8)) == .malformed)
        #expect(try code(file(extents: [32], type: 12)) == .unsupported)
        #expect(try code(file(extents: [4], version: 1)) == .unsupported)
        #expect(try code(Array(file(extents: [4]).prefix(40))) == .truncated)
        #expect(try code([]) == .malformed)
    }

    @Test("nought times a huge extent is refused, as is what overflows")
    func extents() throws {
        #expect(try code(file(extents: [(1 << 61) + 32, 0])) == .malformed)
        #expect(try code(file(extents: [0])) == .malformed)
        #expect(try code(file(extents: [1 << 32, 1 << 32])) == .malformed)
        #expect(try code(file(extents: [.max])) == .malformed)
        #expect(try code(file(extents: [1, 1, 1, 1, 1])) == .malformed)
    }
}
