// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What waits, by tenant, served by deficit round robin: over time each tenant that waits gets the same cost in work.
///
/// A tenant's turn adds a quantum to what it may spend, and it goes on while the next of its queue costs no more than
/// that. What is next stays next until it is taken: nothing overtakes it, so nothing starves.
struct TenantQueues<Item> {
    private struct Queue {
        var items: [(item: Item, cost: Int)] = []
        var deficit = 0
    }

    let quantum: Int
    private var queues: [String: Queue] = [:]
    /// Tenants that wait, the one whose turn it is first.
    private var ring: [String] = []

    init(quantum: Int) { self.quantum = max(1, quantum) }

    var count: Int { queues.values.reduce(0) { $0 + $1.items.count } }
    var isEmpty: Bool { ring.isEmpty }

    /// Puts an item behind all others of its tenant.
    mutating func append(_ item: Item, tenant: String, cost: Int) {
        if queues[tenant] == nil {
            queues[tenant] = Queue()
            ring.append(tenant)
            if ring.count == 1 { queues[tenant]?.deficit = quantum }
        }
        queues[tenant]?.items.append((item, max(1, cost)))
    }

    /// The item whose turn it is.
    mutating func next() -> Item? {
        while let tenant = ring.first, let queue = queues[tenant], let head = queue.items.first {
            if head.cost <= queue.deficit { return head.item }
            passTurn()
        }
        return nil
    }

    /// Takes the item that ``next()`` gave.
    mutating func removeNext() {
        guard let tenant = ring.first, let head = queues[tenant]?.items.first else { return }
        queues[tenant]?.deficit -= head.cost
        queues[tenant]?.items.removeFirst()
        guard queues[tenant]?.items.isEmpty == true else { return }
        queues[tenant] = nil
        ring.removeFirst()
        if let first = ring.first { queues[first]?.deficit += quantum }
    }

    /// Takes out every item that `isGone` names.
    mutating func remove(where isGone: (Item) -> Bool) -> [Item] {
        var gone: [Item] = []
        let first = ring.first
        for tenant in ring {
            guard let queue = queues[tenant], queue.items.contains(where: { isGone($0.item) }) else { continue }
            gone += queue.items.map(\.item).filter(isGone)
            queues[tenant]?.items.removeAll { isGone($0.item) }
            if queues[tenant]?.items.isEmpty == true { queues[tenant] = nil }
        }
        ring.removeAll { queues[$0] == nil }
        if let next = ring.first, next != first { queues[next]?.deficit += quantum }
        return gone
    }

    private mutating func passTurn() {
        ring.append(ring.removeFirst())
        if let first = ring.first { queues[first]?.deficit += quantum }
    }
}
