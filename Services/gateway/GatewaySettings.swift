// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages
import ServiceRuntime

/// What only the gateway is told.
struct GatewaySettings: Sendable {
    var host = "127.0.0.1"
    var port = 8080
    var keysFile: String?
    /// Whether it may be open to other machines without keys.
    var isInsecureOpen = false
    /// Where submissions are written down before Redis gets them; nil leaves that to Redis alone.
    var journal: String?
    var limits = Limits()

    init(_ reader: SettingsReader) throws(SettingsError) {
        host = reader.string(SettingKey("host")) ?? host
        port = try reader.integer(SettingKey("port"), in: 1...65_535) ?? port
        keysFile = reader.string(SettingKey("apiKeysFile"))
        isInsecureOpen = try reader.flag(SettingKey("insecureOpen")) ?? isInsecureOpen
        journal = reader.string(SettingKey("journal"))
        limits.answerTimeout =
            try reader.number(SettingKey("answerTimeout"), in: 1...86_400).map { .seconds($0) } ?? limits.answerTimeout
        limits.uploadBytes = try reader.bytes(SettingKey("uploadLimit")) ?? limits.uploadBytes
    }

    /// Whether only this machine can reach the address.
    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    /// The journal's folder of a namespace: two queues never share one.
    func journalFolder(_ namespace: String) -> String? {
        journal.map { folder in
            let name = namespace.utf8.map { byte in
                JobID(String(decoding: [byte], as: UTF8.self)).isWellFormed && byte != UInt8(ascii: ".")
                    ? String(decoding: [byte], as: UTF8.self) : ".\(String(byte, radix: 16))."
            }
            return "\(folder)/" + name.joined()
        }
    }

    /// The keys of the file; open without one, which is refused where others can reach the address.
    func keyRing() throws -> KeyRing {
        guard let keysFile else {
            guard isLoopback || isInsecureOpen else {
                throw KeyFileError(
                    "\(host) can be reached by others and no keys are set; set MELLAMA_API_KEYS_FILE, "
                        + "or listen on 127.0.0.1, or say --insecure-open")
            }
            return .open
        }
        guard let data = FileManager.default.contents(atPath: keysFile) else {
            throw KeyFileError("\(keysFile): can't be read; check MELLAMA_API_KEYS_FILE and its permissions")
        }
        guard data.count <= KeyRing.maximumBytes else {
            throw KeyFileError("\(keysFile): is larger than \(KeyRing.maximumBytes) bytes")
        }
        return try KeyRing(parsing: String(decoding: data, as: UTF8.self), file: keysFile)
    }
}
