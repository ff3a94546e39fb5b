// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// McNemar's test (1947) in its exact form: of the items that one model has right and the other wrong, is either the
/// more than a fair coin would give?
public struct McNemarTest: Codable, Sendable, Hashable {
    public let onlyBeforeRight: Int
    public let onlyAfterRight: Int
    /// Two-sided, from the binomial distribution; 1 where no item tells the two apart.
    public let p: Double

    public init(onlyBeforeRight: Int, onlyAfterRight: Int) {
        self.onlyBeforeRight = onlyBeforeRight
        self.onlyAfterRight = onlyAfterRight
        let count = onlyBeforeRight + onlyAfterRight
        let fewer = min(onlyBeforeRight, onlyAfterRight)
        // Sums from the smallest term up, in logarithms: a power of one half underflows beyond a thousand.
        var sum = 0.0
        for successes in 0...fewer {
            let choose =
                lgamma(Double(count + 1)) - lgamma(Double(successes + 1)) - lgamma(Double(count - successes + 1))
            sum += exp(choose - Double(count) * log(2))
        }
        p = min(1, 2 * sum)
    }
}

extension ItemOutcomes {
    /// How many items were answered otherwise, and the test where an answer is right or wrong. `metrics` are those that
    /// both have alike: an answer of values counts as the same where all of these are.
    func changes(
        to other: ItemOutcomes, metrics: [String]
    ) throws(BenchmarkError) -> (answers: Int, test: McNemarTest?) {
        func test(_ pairs: [(Bool, Bool)]) -> McNemarTest {
            McNemarTest(onlyBeforeRight: pairs.count { $0 && !$1 }, onlyAfterRight: pairs.count { !$0 && $1 })
        }
        switch form {
        case .choices:
            let (one, two) = (try indices(), try other.indices())
            return (
                zip(one, two).count { $0.answer != $1.answer },
                test(zip(one, two).map { ($0.answer == $0.gold, $1.answer == $1.gold) })
            )
        case .labelSets:
            let (one, two) = (try sets(), try other.sets())
            return (
                zip(one, two).count { $0.given != $1.given },
                test(zip(one, two).map { ($0.given == $0.expected, $1.given == $1.expected) })
            )
        case .entities:
            let (one, two) = (try entities(), try other.entities())
            return (zip(one, two).count { $0 != $1 }, nil)
        case .values:
            let changed = (0..<min(count, other.count)).count { index in
                metrics.contains { values?[$0]?[index] != other.values?[$0]?[index] }
            }
            guard let one = values?["exactMatch"], let two = other.values?["exactMatch"] else { return (changed, nil) }
            return (changed, test(zip(one, two).map { ($0 == 1, $1 == 1) }))
        }
    }
}
