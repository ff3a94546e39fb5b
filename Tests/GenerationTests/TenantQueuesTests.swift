// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Generation

@Suite("Tenants that wait get equal shares of the work, in their own order")
struct TenantQueuesTests {
    private func drain(_ queues: inout TenantQueues<String>, _ count: Int) -> [String] {
        (0..<count).compactMap { _ in
            let next = queues.next()
            queues.removeNext()
            return next
        }
    }

    @Test("By cost, not by number")
    func shares() {
        var queues = TenantQueues<String>(quantum: 10)
        for _ in 0..<100 { queues.append("large", tenant: "a", cost: 20) }
        for _ in 0..<1000 { queues.append("small", tenant: "b", cost: 1) }
        let taken = drain(&queues, 210)
        let (large, small) = (taken.count { $0 == "large" } * 20, taken.count { $0 == "small" })
        #expect(abs(large - small) <= 40)
        #expect(queues.count == 1100 - 210)
    }

    @Test("What is next stays next until it is taken, whatever comes meanwhile")
    func noOvertaking() {
        var queues = TenantQueues<String>(quantum: 10)
        queues.append("huge", tenant: "a", cost: 500)
        let first = queues.next()
        queues.append("tiny", tenant: "b", cost: 1)
        queues.append("tiny", tenant: "a", cost: 1)
        let second = queues.next()
        #expect(first == "huge" && second == "huge")
    }

    @Test("Removed ones are gone, the others keep their turn")
    func removal() {
        var queues = TenantQueues<String>(quantum: 10)
        queues.append("x", tenant: "a", cost: 1)
        queues.append("y", tenant: "b", cost: 1)
        queues.append("z", tenant: "b", cost: 1)
        let gone = queues.remove { $0 != "z" }
        #expect(gone.sorted() == ["x", "y"])
        let left = drain(&queues, 3)
        #expect(left == ["z"] && queues.isEmpty)
        let none = queues.next()
        #expect(none == nil)
    }
}
