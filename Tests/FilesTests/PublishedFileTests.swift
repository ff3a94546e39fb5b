// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Files

@Suite("Files are read whole or refused, and appear whole or not at all")
struct PublishedFileTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    @Test("a writer that fails leaves what was there, and nothing beside it")
    func failedWriter() throws {
        try withFolder { folder in
            let path = folder.appending(path: "x").path
            try PublishedFile.write(Array("old".utf8), to: path)
            struct Stop: Error {}
            #expect(throws: Stop.self) {
                try PublishedFile.write(to: path) { file in
                    try file.write([UInt8](repeating: 1, count: 1 << 20))
                    throw Stop()
                }
            }
            #expect(try Data(contentsOf: folder.appending(path: "x")) == Data("old".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x"])
        }
    }

    @Test("small and large writes come out in order")
    func order() throws {
        try withFolder { folder in
            let path = folder.appending(path: "x").path
            let parts = [3, 1 << 17, 0, 70, 1 << 19, 1].map { count in (0..<count).map { UInt8($0 & 255) } }
            try PublishedFile.write(to: path) { file in
                for part in parts { try file.write(part) }
                #expect(file.byteCount == parts.joined().count)
            }
            #expect(try MappedFile.contents(path: path, largest: 1 << 20) == Array(parts.joined()))
        }
    }

    @Test("a folder that is not there is named, with the reason")
    func missingFolder() throws {
        try withFolder { folder in
            let path = folder.appending(path: "none/x").path
            let error = #expect(throws: FileError.self) { try PublishedFile.write([], to: path) }
            #expect(error?.code == .unwritable)
            #expect(error?.path == path)
            #expect(error?.detail.contains("No such file") == true)
        }
    }

    @Test("a missing file, a folder and one that is too large are refused; an empty one is empty")
    func reading() throws {
        try withFolder { folder in
            let none = #expect(throws: FileError.self) {
                try MappedFile(path: folder.appending(path: "none").path)
            }
            #expect(none?.code == .unreadable)
            #expect(#expect(throws: FileError.self) { try MappedFile(path: folder.path) }?.code == .unreadable)
            let path = folder.appending(path: "empty").path
            try PublishedFile.write([], to: path)
            #expect(try MappedFile(path: path).bytes.isEmpty)
            try PublishedFile.write([1, 2, 3], to: path)
            let large = #expect(throws: FileError.self) { try MappedFile(path: path, largest: 2) }
            #expect(large?.code == .tooLarge)
            #expect(try MappedFile(path: path, largest: 3).bytes.count == 3)
        }
    }
}
