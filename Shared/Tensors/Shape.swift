// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The extents of a tensor, outermost first.
public struct Shape: Sendable, Hashable, CustomStringConvertible, ExpressibleByArrayLiteral {
    /// The extents, outermost first; empty for a scalar.
    public let dimensions: [Int]

    /// A shape of these extents.
    public init(_ dimensions: [Int]) { self.dimensions = dimensions }

    /// A shape written as a literal: `[rows, columns]`.
    public init(arrayLiteral elements: Int...) { self.dimensions = elements }

    /// The number of elements: the product of the extents.
    public var count: Int { dimensions.reduce(1, *) }

    /// The number of elements, or nil if an extent is negative or the product overflows: for shapes read from files.
    public var checkedCount: Int? {
        var product = 1
        for extent in dimensions {
            guard extent >= 0 else { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            product = next
        }
        return product
    }

    /// The number of extents.
    public var rank: Int { dimensions.count }

    /// The extent at an index.
    public subscript(index: Int) -> Int { dimensions[index] }

    /// The extents in brackets: `[2, 23, 512]`.
    public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }
}
