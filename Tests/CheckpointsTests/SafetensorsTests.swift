// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("A safetensors file is read only where it is sound")
struct SafetensorsTests {
    /// A file of this header and this many bytes of data.
    private func file(_ header: String, data: Int, claimed: UInt64? = nil, in folder: URL) throws -> URL {
        var length = (claimed ?? UInt64(header.utf8.count)).littleEndian
        let url = folder.appending(path: "x.safetensors")
        try (withUnsafeBytes(of: &length) { Data($0) } + Data(header.utf8) + Data(count: data)).write(to: url)
        return url
    }

    @Test("what is written is read back, in every type, in the same bytes each time")
    func roundTrip() throws {
        try withScratchFolder { folder in
            let values: [Float] = [0, 1, -2.5, 1024, 3.140625, -0.0625]
            var writer = SafetensorsWriter()
            writer.metadata["step"] = "7"
            writer.add("b", Tensor(values, shape: [2, 3]))
            writer.add("a", Tensor(values, shape: [6]), as: .bfloat16)
            writer.add("half", Tensor(values, shape: [3, 2]), as: .float16)
            writer.add("cursor", integers: [3, -1, 1 << 40])
            let (first, second) = (folder.appending(path: "1"), folder.appending(path: "2"))
            try writer.write(to: first)
            try writer.write(to: second)
            #expect(try Data(contentsOf: first) == Data(contentsOf: second))
            let file = try SafetensorsFile(first)
            #expect(file.entries.map(\.name) == ["b", "a", "half", "cursor"])
            #expect(file.metadata == ["format": "pt", "step": "7"])
            for name in ["b", "a", "half"] { #expect(try file.tensor(name).values == values) }
            #expect(try file.integers("cursor") == [3, -1, 1 << 40])
            #expect(try file.tensor("half").shape == [3, 2])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["1", "2"])
        }
    }

    @Test("a file cut anywhere says so, with the bytes it needs and has")
    func truncated() throws {
        try withScratchFolder { folder in
            var writer = SafetensorsWriter()
            writer.add("w", Tensor(zeros: [10, 10]))
            let whole = folder.appending(path: "whole")
            try writer.write(to: whole)
            let bytes = try Data(contentsOf: whole)
            let cut = folder.appending(path: "cut.safetensors")
            for count in [0, 1, 7, 8, 9, 50, bytes.count - 401, bytes.count - 400, bytes.count - 1] {
                try bytes.prefix(count).write(to: cut)
                do {
                    _ = try SafetensorsFile(cut)
                    Issue.record("\(count) of \(bytes.count) bytes were accepted")
                } catch let error as CheckpointError {
                    #expect(error.code == .truncated)
                    #expect(error.description.contains("cut.safetensors") && error.description.contains("\(count)"))
                }
            }
            let last = message { _ = try SafetensorsFile(cut) } ?? ""
            #expect(last.contains("\(bytes.count)"), "\(last)")
            try (bytes + Data([0])).write(to: cut)
            #expect(message { _ = try SafetensorsFile(cut) }?.contains("\(bytes.count + 1)") == true)
        }
    }

    @Test("a claimed header of 2^60 bytes costs nothing", arguments: [UInt64(1) << 60, .max, 1 << 63, 200_000_000])
    func hugeHeader(_ claimed: UInt64) throws {
        try withScratchFolder { folder in
            let url = try file("{}", data: 100, claimed: claimed, in: folder)
            #expect(message { _ = try SafetensorsFile(url) }?.contains("\(claimed)") == true)
        }
    }

    @Test(
        "headers that lie are refused, naming the tensor",
        arguments: [
            #"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,12]}}"#,  // shape and bytes differ
            #"{"w":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#,  // backwards
            #"{"w":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}"#,
            #"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0]}}"#,
            #"{"w":{"dtype":"F32","shape":[4],"data_offsets":[4,20]}}"#,  // a gap
            #"{"w":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}"#,
            #"{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}}"#,  // overflow to 0 bytes
            #"{"w":{"dtype":"F32","shape":[4],"data_offsets":[9223372036854775791,9223372036854775807]}}"#,
            #"{"w":{"dtype":"F33","shape":[4],"data_offsets":[0,16]}}"#,
            #"{"w":{"dtype":"F32","shape":[1.5],"data_offsets":[0,16]}}"#,
            #"{"w":{"dtype":"F32","shape":"four","data_offsets":[0,16]}}"#,
            #"{"w":{"dtype":"F32","data_offsets":[0,16]}}"#,
            // v overlaps w
            #"{"v":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"w":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}}"#,
            #"{"v":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#,
        ])
    func lies(_ header: String) throws {
        try withScratchFolder { folder in
            let url = try file(header, data: 24, in: folder)
            let text = try #require(message { _ = try SafetensorsFile(url) })
            #expect(text.contains("w") && text.contains("x.safetensors") && !text.contains("\n"))
        }
    }

    @Test("no JSON, an array, text after it", arguments: ["", "{", "[1]", "nonsense", #"{"w":3}"#, "{}{}"])
    func notJSON(_ header: String) throws {
        try withScratchFolder { folder in
            let url = try file(header, data: 0, in: folder)
            #expect(throws: CheckpointError.self) { try SafetensorsFile(url) }
        }
    }

    @Test("random damage to a header never does more than throw")
    func fuzz() throws {
        try withScratchFolder { folder in
            var writer = SafetensorsWriter()
            writer.add("model.w", Tensor([1, 2, 3, 4], shape: [2, 2]))
            writer.add("model.v", Tensor([5, 6], shape: [2]), as: .bfloat16)
            let url = folder.appending(path: "x")
            try writer.write(to: url)
            let whole = try Data(contentsOf: url)
            var generator = Xoshiro256(seed: 1)
            for _ in 0..<400 {
                var bytes = whole
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                try bytes.write(to: url)
                guard let file = try? SafetensorsFile(url) else { continue }
                for entry in file.entries { _ = try? file.tensor(entry.name).values }
            }
        }
    }

    @Test("numbers are not read from integers, nor a tensor that is not there, nor another shape")
    func access() throws {
        try withScratchFolder { folder in
            var writer = SafetensorsWriter()
            writer.add("ids", integers: [1, 2])
            writer.add("w", Tensor(zeros: [2, 3]))
            let url = folder.appending(path: "x.safetensors")
            try writer.write(to: url)
            let file = try SafetensorsFile(url)
            #expect(message { _ = try file.tensor("ids") }?.contains("I64") == true)
            #expect(message { _ = try file.integers("w") }?.contains("F32") == true)
            #expect(message { _ = try file.tensor("v") }?.contains("v") == true)
            var target = [Float](repeating: 0, count: 6)
            let text = target.withUnsafeMutableBufferPointer { target in
                message { try file.read("w", shape: [3, 2], into: target) }
            }
            #expect(text?.contains("[2, 3]") == true && text?.contains("[3, 2]") == true)
        }
    }
}
