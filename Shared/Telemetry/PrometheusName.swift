// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Names, labels and numbers as Prometheus's text format writes them
/// (prometheus.io/docs/instrumenting/exposition_formats).
enum PrometheusName {
    /// A metric's name with every letter that is not allowed as `_`.
    static func metric(_ label: String) -> String { cleaned(label, allowsColon: true) }

    /// Labels sorted by name, values escaped: `kind="train.tune",outcome="failed"`.
    static func labels(_ dimensions: [(String, String)]) -> String {
        var byName: [String: String] = [:]
        for (name, value) in dimensions { byName[cleaned(name, allowsColon: false)] = value }
        return byName.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escaped($0.value))\"" }.joined(separator: ",")
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return "\(value)"
    }

    /// `name{labels,more} value`
    static func line(_ name: String, _ labels: String, _ value: Double, more: String = "") -> String {
        let all = [labels, more].filter { !$0.isEmpty }.joined(separator: ",")
        return all.isEmpty ? "\(name) \(number(value))\n" : "\(name){\(all)} \(number(value))\n"
    }

    private static func escaped(_ value: String) -> String {
        var out = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\"": out += "\\\""
            case "\n": out += "\\n"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static func cleaned(_ name: String, allowsColon: Bool) -> String {
        var bytes: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                bytes.append(byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
                bytes.append(byte)
            case UInt8(ascii: ":") where allowsColon: bytes.append(byte)
            default: bytes.append(UInt8(ascii: "_"))
            }
        }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }
}
