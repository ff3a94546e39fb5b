// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzSupport
import Messages

/// Changes of a JSON document that leave it JSON.
enum JSONMutation {
    private static let values: [JSONValue] = [
        .null, .bool(true), 0, 1, -1, .integer(.max), .integer(.min), .integer(Int64(Int32.max) + 1), 0.5, -1e300, 1e19,
        "",
        "a", "\u{0}", "\u{FFFF}\u{10FFFF}", "e\u{301}", "${a.b}", "${base.model}", "${}", "sha256:", "../../etc/passwd",
        "/",
        [], [[]], [:], ["a": .null], "train.tune", "infer.generate", "later.kind", "succeeded", "nan", "1",
    ]

    /// One change, where the bytes are JSON.
    @Sendable static func apply(to bytes: inout [UInt8], _ random: inout FuzzRandom) {
        guard var value = try? MessageDecoder.parse(Data(bytes)) else { return }
        var place = random.below(max(1, count(value)))
        let part = part(of: value, at: random.below(max(1, count(value))))
        change(&value, at: &place, with: part, &random)
        if let written = try? MessageEncoder.encode(value) { bytes = Array(written) }
    }

    /// The number of values in a value, itself included.
    private static func count(_ value: JSONValue) -> Int {
        switch value {
        case .array(let items): 1 + items.reduce(0) { $0 + count($1) }
        case .object(let members): 1 + members.values.reduce(0) { $0 + count($1) }
        default: 1
        }
    }

    private static func children(_ value: JSONValue) -> [JSONValue] {
        switch value {
        case .array(let items): items
        case .object(let members): members.sorted { $0.key < $1.key }.map(\.value)
        default: []
        }
    }

    private static func part(of value: JSONValue, at place: Int) -> JSONValue {
        var left = place
        func find(_ value: JSONValue) -> JSONValue? {
            if left == 0 { return value }
            left -= 1
            for child in children(value) { if let found = find(child) { return found } }
            return nil
        }
        return find(value) ?? .null
    }

    /// Goes through the values in order until `place` is used up, and changes the one that is there.
    private static func change(
        _ value: inout JSONValue, at place: inout Int, with part: JSONValue, _ random: inout FuzzRandom
    ) {
        guard place > 0 else {
            place -= 1
            return changeHere(&value, with: part, &random)
        }
        place -= 1
        switch value {
        case .array(var items):
            for index in items.indices where place >= 0 { change(&items[index], at: &place, with: part, &random) }
            value = .array(items)
        case .object(var members):
            for name in members.keys.sorted() where place >= 0 {
                var member = members[name] ?? .null
                change(&member, at: &place, with: part, &random)
                members[name] = member
            }
            value = .object(members)
        default: break
        }
    }

    private static func changeHere(_ value: inout JSONValue, with part: JSONValue, _ random: inout FuzzRandom) {
        switch (value, random.below(6)) {
        case (.object(var members), 0...2):
            let names = members.keys.sorted()
            let name = names.isEmpty ? "kind" : random.pick(names)
            switch random.below(3) {
            case 0: members[name] = nil
            case 1: members[name + "s"] = members.removeValue(forKey: name)
            default: members[random.oneIn(2) ? "kind" : name] = part
            }
            value = .object(members)
        case (.array(let items), 0...2):
            value = .array(random.oneIn(2) ? Array(items.dropLast()) : items + [part] + items.prefix(3))
        case (.integer(let number), 0...2): value = .integer(number &+ Int64(random.below(5)) &- 2)
        case (.string(let text), 0...2): value = .string(random.oneIn(2) ? text + text : String(text.dropLast()))
        case (_, 3): value = part
        case (_, 4): value = random.oneIn(2) ? [value] : ["a": value]
        default: value = random.pick(values)
        }
    }
}
