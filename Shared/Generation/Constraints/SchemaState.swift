// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A place in the text that a schema allows: an automaton over bytes whose stack says which values are open.
///
/// The text is JSON with at most one space before a value or a key, and no other between them.
struct SchemaState: Sendable, Hashable {
    /// One open value.
    struct Frame: Sendable, Hashable {
        let node: Int
        /// Where in the value; what it means depends on the kind of node.
        var phase: Int
        /// Characters, digits, items or the property.
        var count = 0
    }

    private(set) var frames: [Frame]

    init(_ schema: JSONSchema) { frames = [Frame(node: schema.root, phase: Self.before)] }

    // Phases of any value: nothing written; a space written.
    private static let before = 0
    private static let afterSpace = 1
    /// Inside, for each kind from here on.
    private static let inside = 2
    /// Behind a property's value.
    private static let afterValue = -1

    /// Whether the value is written and nothing can follow.
    var isFinished: Bool { frames.isEmpty }

    /// Whether the text may end here.
    func isComplete(_ schema: JSONSchema) -> Bool { frames.allSatisfy { Self.mayEnd($0, schema) } }

    /// Whether a string is open between two of its characters; how many more may come, and whether it may end.
    func openString(_ schema: JSONSchema) -> Int? {
        guard let top = frames.last, top.phase == Self.inside,
            case .string(_, let most) = schema.nodes[top.node]
        else { return nil }
        return most - top.count
    }

    /// Takes a byte; false, and in no state of use, where the schema does not allow it.
    mutating func take(_ byte: UInt8, _ schema: JSONSchema) -> Bool {
        while let frame = frames.last {
            if step(frame, byte, schema) { return true }
            guard Self.mayEnd(frame, schema) else { return false }
            frames.removeLast()
        }
        return false
    }

    /// The state with counters cut at what a token of `longest` bytes can tell apart: equal keys allow equal tokens.
    func key(_ schema: JSONSchema, longest: Int) -> [Int] {
        frames.flatMap { frame -> [Int] in
            let head = [frame.node, frame.phase]
            func bounds(_ least: Int, _ most: Int) -> [Int] {
                head + [min(most - frame.count, longest), min(max(least - frame.count, 0), longest)]
            }
            switch schema.nodes[frame.node] {
            case .string(let least, let most): return bounds(least, most)
            case .array(_, let least, let most): return bounds(least, most)
            case .object, .number: return head + [frame.count, 0]
            case .literals, .either: return head + [0, 0]
            }
        }
    }

    private static func mayEnd(_ frame: Frame, _ schema: JSONSchema) -> Bool {
        switch schema.nodes[frame.node] {
        case .literals(let tree): frame.phase >= inside && tree.isEnd(frame.phase - inside)
        case .number: NumberPhase(rawValue: frame.phase - inside)?.mayEnd ?? false
        default: false
        }
    }

    private mutating func set(_ phase: Int, count: Int? = nil) -> Bool {
        frames[frames.count - 1].phase = phase
        if let count { frames[frames.count - 1].count = count }
        return true
    }

    private mutating func open(_ node: Int) { frames.append(Frame(node: node, phase: Self.before)) }

    private mutating func close() -> Bool {
        frames.removeLast()
        return true
    }

    private mutating func step(_ frame: Frame, _ byte: UInt8, _ schema: JSONSchema) -> Bool {
        if frame.phase == Self.before, byte == 0x20 { return set(Self.afterSpace) }
        let isFirst = frame.phase == Self.before || frame.phase == Self.afterSpace
        switch schema.nodes[frame.node] {
        case .literals(let tree):
            guard let next = tree.next(isFirst ? LiteralTree.root : frame.phase - Self.inside, byte) else {
                return false
            }
            return tree.isEnd(next) && tree.isLeaf(next) ? close() : set(Self.inside + next)
        case .string(let least, let most):
            if isFirst { return byte == 0x22 ? set(Self.inside) : false }
            if frame.phase == Self.inside, byte == 0x22 { return frame.count >= least ? close() : false }
            let phase = StringPhase(rawValue: frame.phase - Self.inside) ?? .character
            guard let next = phase.next(byte), phase != .character || frame.count < most else { return false }
            return set(Self.inside + next.rawValue, count: phase == .character ? frame.count + 1 : frame.count)
        case .number(let isInteger):
            let phase = isFirst ? .start : NumberPhase(rawValue: frame.phase - Self.inside) ?? .start
            guard let next = phase.next(byte, isInteger: isInteger, digits: frame.count) else { return false }
            return set(Self.inside + next.rawValue, count: next == phase ? frame.count + 1 : 1)
        case .array(let item, let least, let most):
            return stepArray(frame, byte, schema, isFirst: isFirst, item: item, least: least, most: most)
        case .object(let keys, let values):
            return stepObject(frame, byte, isFirst: isFirst, keys: keys, values: values)
        case .either(let nodes):
            for node in nodes {
                var other = self
                other.frames[frames.count - 1] = Frame(node: node, phase: Self.afterSpace)
                if other.take(byte, schema) {
                    self = other
                    return true
                }
            }
            return false
        }
    }

    private mutating func stepArray(
        _ frame: Frame, _ byte: UInt8, _ schema: JSONSchema, isFirst: Bool, item: Int, least: Int, most: Int
    ) -> Bool {
        if isFirst { return byte == UInt8(ascii: "[") ? set(Self.inside) : false }
        if byte == UInt8(ascii: "]") { return frame.count >= least ? close() : false }
        guard frame.count < most else { return false }
        if frame.phase == Self.inside {
            // The first item begins with this byte.
            _ = set(Self.afterValue, count: 1)
            open(item)
            return take(byte, schema)
        }
        guard byte == UInt8(ascii: ",") else { return false }
        _ = set(Self.afterValue, count: frame.count + 1)
        open(item)
        return true
    }

    private mutating func stepObject(
        _ frame: Frame, _ byte: UInt8, isFirst: Bool, keys: [[UInt8]], values: [Int]
    ) -> Bool {
        if isFirst { return byte == UInt8(ascii: "{") ? set(Self.inside) : false }
        if frame.phase == Self.afterValue {
            guard frame.count + 1 < keys.count else { return byte == UInt8(ascii: "}") ? close() : false }
            return byte == UInt8(ascii: ",") ? set(Self.inside, count: frame.count + 1) : false
        }
        guard frame.count < keys.count else { return byte == UInt8(ascii: "}") ? close() : false }
        // Behind `inside`: one for the space, then the bytes of the key that are written.
        let written = frame.phase - Self.inside
        if written == 0, byte == 0x20 { return set(Self.inside + 1) }
        let position = max(0, written - 1)
        let key = keys[frame.count]
        guard key[position] == byte else { return false }
        guard position + 1 == key.count else { return set(Self.inside + position + 2) }
        _ = set(Self.afterValue)
        open(values[frame.count])
        return true
    }
}
