// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
public import Logging

/// Writes one line an event to stderr: a JSON object with fixed keys, or text for a terminal.
///
/// Keys: `time` (UTC, RFC 3339), `level`, `service`, `label`, `message`, and `metadata` with what the event tells.
/// A line is at most 16 KiB, so that one write is one line. Callers log ids, names and numbers, never a document.
public struct LineLogHandler: LogHandler {
    /// Longer values are cut: none that belongs into a log is so long.
    static let maximumValue = 1024
    /// With its newline.
    static let maximumLine = 16 << 10

    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    let service: String
    let label: String
    let format: Telemetry.LogFormat
    let output: Int32

    public init(
        service: String, label: String, level: Logger.Level, format: Telemetry.LogFormat, output: Int32 = 2
    ) {
        self.service = service
        self.label = label
        self.format = format
        self.output = output
        logLevel = level
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        var line =
            switch format {
            case .json: json(event, all)
            case .text: text(event, all)
            }
        if line.utf8.count >= Self.maximumLine {
            line =
                format == .json
                ? json(event, ["cut": "true"]) : String(decoding: line.utf8.prefix(Self.maximumLine - 4), as: UTF8.self)
        }
        let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { write(output, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // A closed stderr must not stop the work.
            guard count > 0 else { return }
            offset += count
        }
    }

    private func json(_ event: LogEvent, _ all: Logger.Metadata) -> String {
        var line = "{\"time\":\"\(Timestamp.now())\",\"level\":\"\(event.level.rawValue)\",\"service\":"
        line += Self.quoted(service) + ",\"label\":" + Self.quoted(label) + ",\"message\":"
        line += Self.quoted(event.message.description)
        if !all.isEmpty {
            let members = all.sorted { $0.key < $1.key }.map { Self.quoted($0.key) + ":" + Self.quoted("\($0.value)") }
            line += ",\"metadata\":{" + members.joined(separator: ",") + "}"
        }
        return line + "}"
    }

    private func text(_ event: LogEvent, _ all: Logger.Metadata) -> String {
        var line = "\(Timestamp.now()) \(event.level.rawValue) \(service): "
        line += Self.printable(event.message.description)
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(Self.printable("\(value)"))" }
        return line
    }

    /// A JSON string (RFC 8259), cut to `maximumValue` bytes.
    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in cut(text).unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{0}"..<"\u{20}", "\u{7F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// The text without what could move a terminal's cursor.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                cut(text).unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= maximumValue
            ? text : String(decoding: text.utf8.prefix(maximumValue), as: UTF8.self) + "…"
    }
}
