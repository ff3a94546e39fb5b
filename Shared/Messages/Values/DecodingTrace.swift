// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a decode asked for and what it met, so that an unknown field can be named beside the one that was meant.
final class DecodingTrace {
    private struct Container {
        var present: [String]
        var unknown: [String]
        var asked: Set<String>
    }

    private var containers: [String: Container] = [:]

    /// Notes an object's members; `knows` tells whether the type has a key of that name.
    func enter(_ path: String, members: some Sequence<String>, knows: (String) -> Bool) {
        let names = members.sorted()
        let unknown = names.filter { !knows($0) }
        if containers[path] == nil {
            containers[path] = Container(present: names, unknown: unknown, asked: [])
        } else {
            // The same object read through a second set of keys: only what neither knows is unknown.
            containers[path]?.unknown.removeAll { !unknown.contains($0) }
        }
    }

    /// Notes that the type asked for a member.
    func ask(_ path: String, name: String) { containers[path]?.asked.insert(name) }

    /// The first unknown field, in the order of the paths.
    ///
    /// - Parameter failure: what stopped the decode, if anything did: then the fields after it were not asked for, and
    ///   the known names are not all known.
    func firstUnknownField(besides failure: MessageError?) -> MessageError? {
        for (path, container) in containers.sorted(by: { $0.key < $1.key }) {
            guard let name = container.unknown.first else { continue }
            var detail = CodingPath.isPlain(name) ? "unknown field \"\(name)\"" : "unknown field whose name is no word"
            if let failure, NearestName.of(name, among: container.asked) == nil {
                detail += failure.path == path ? "; and \(failure.detail)" : ""
            } else {
                detail += NearestName.hint(for: name, among: container.asked)
            }
            return MessageError(.unknownField, path: path, detail: detail)
        }
        return nil
    }
}
