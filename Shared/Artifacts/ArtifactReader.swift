// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The bytes of a stored file, piece by piece.
public struct ArtifactReader: AsyncSequence, Sendable {
    public typealias Element = [UInt8]

    private let file: FileDescriptor
    /// Bytes in all.
    public let size: Int

    init(file: FileDescriptor, size: Int) {
        self.file = file
        self.size = size
    }

    public func makeAsyncIterator() -> Iterator { Iterator(file: file) }

    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let file: FileDescriptor
        private var offset = 0

        fileprivate init(file: FileDescriptor) { self.file = file }

        /// The next piece, at most 256 KiB; nil at the end.
        public mutating func next() async throws -> [UInt8]? {
            let (file, start) = (file, offset)
            let piece = try await OwnThread.run {
                try [UInt8](unsafeUninitializedCapacity: 1 << 18) { buffer, count throws in
                    let got = pread(file.number, buffer.baseAddress, buffer.count, start)
                    guard got >= 0 else { throw ArtifactError.system(errno, operation: "read", path: file.path) }
                    count = got
                }
            }
            offset += piece.count
            return piece.isEmpty ? nil : piece
        }
    }
}
