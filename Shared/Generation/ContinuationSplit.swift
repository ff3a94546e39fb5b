// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Cuts a text of context and continuation into the ids of each.
///
/// As in lm-eval's `_encode_pair`: spaces at the end of the context belong to the continuation, the two are encoded as
/// one string, and the ids are cut at the length of the context encoded alone, so that no merge at the seam is lost.
public enum ContinuationSplit {
    /// The two id lists; `encode` is the tokenizer without any special id. An empty context has no ids.
    public static func encode(
        context: String, continuation: String, with encode: (String) throws -> [Int32]
    ) rethrows -> (context: [Int32], continuation: [Int32]) {
        let scalars = context.unicodeScalars
        let end = scalars.lastIndex { !$0.properties.isWhitespace }.map { scalars.index(after: $0) }
        let kept = String(scalars[..<(end ?? scalars.startIndex)])
        let moved = String(scalars[(end ?? scalars.startIndex)...])
        guard !kept.isEmpty else {
            return ([], try encode(context + continuation))
        }
        let whole = try encode(kept + moved + continuation)
        let head = try encode(kept)
        return (Array(whole.prefix(head.count)), Array(whole.dropFirst(head.count)))
    }
}
