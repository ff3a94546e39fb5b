// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Which neighbours merge, in which order, and into what.
protocol MergeRules {
    /// The number of the merge of two symbols, or −1.
    func merge(_ left: Int32, _ right: Int32) -> Int32
    /// When a merge is done: lower first, the leftmost among equals.
    func rank(of merge: Int32) -> Int32
    /// The symbol a merge makes.
    func symbol(of merge: Int32) -> Int32
}
