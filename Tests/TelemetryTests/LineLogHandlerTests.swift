// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Telemetry
import Testing

@Suite("Logs are one line an event")
struct LineLogHandlerTests {
    /// What a handler writes while the body logs.
    static func lines(_ format: Telemetry.LogFormat, level: Logger.Level = .info, _ body: (Logger) -> Void) throws
        -> [String]
    {
        let url = FileManager.default.temporaryDirectory.appending(path: "mellama-log-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        _ = FileManager.default.createFile(atPath: url.path, contents: nil)
        let file = try FileHandle(forWritingTo: url)
        var logger = Logger(label: "l") { _ in
            LineLogHandler(
                service: "trainer", label: "l", level: level, format: format, output: file.fileDescriptor)
        }
        logger[metadataKey: "job"] = "j-1"
        body(logger)
        try file.close()
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test func jsonHasFixedKeys() throws {
        let lines = try Self.lines(.json) { logger in
            logger.info("Started \"it\"\n\u{1B}[2J", metadata: ["attempt": "2", "job": "j-2"])
            logger.debug("not shown")
        }
        #expect(lines.count == 1)
        let value = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any]
        #expect(value?["level"] as? String == "info")
        #expect(value?["service"] as? String == "trainer")
        #expect(value?["message"] as? String == "Started \"it\"\n\u{1B}[2J")
        #expect(value?["metadata"] as? [String: String] == ["attempt": "2", "job": "j-2"])
        let time = try #require(value?["time"] as? String)
        #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    }

    @Test func textIsForATerminal() throws {
        let lines = try Self.lines(.text) { $0.warning("Slow\n\u{1B}[2J", metadata: ["b": "1"]) }
        #expect(lines.count == 1)
        #expect(lines[0].hasSuffix(" warning trainer: Slow  [2J b=1 job=j-1"))
    }

    @Test func linesAreBounded() throws {
        let long = String(repeating: "é", count: 100_000)
        for format in [Telemetry.LogFormat.json, .text] {
            let metadata = Logger.Metadata(uniqueKeysWithValues: (0..<100).map { ("k\($0)", "\(long)") })
            let lines = try Self.lines(format) { $0.error("\(long)", metadata: metadata) }
            #expect(lines.count == 1)
            #expect(lines[0].utf8.count <= 16 << 10)
        }
    }
}
