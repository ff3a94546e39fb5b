// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Finds the name a person most likely meant.
public enum NearestName {
    /// The candidate with the smallest edit distance to `name`, if it is near enough to be a slip of the hand
    /// (at most a third of the name's length, at least two edits).
    public static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        // Nobody slips in a name of this length, and the distance costs the product of both lengths.
        guard name.utf8.count <= 100 else { return nil }
        let allowed = max(2, name.utf8.count / 3)
        return candidates.map { ($0, distance(Array(name.lowercased().utf8), Array($0.lowercased().utf8))) }
            .filter { $0.1 <= allowed }
            .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    }

    /// A clause for an error message: `; did you mean "x"?`, or the known names, or nothing.
    public static func hint(for name: String, among candidates: some Collection<String>) -> String {
        if let nearest = of(name, among: candidates) { return "; did you mean \"\(nearest)\"?" }
        return candidates.isEmpty ? "" : "; known: \(candidates.sorted().joined(separator: ", "))"
    }

    /// Levenshtein's distance, one row at a time.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let substitution = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substitution, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
