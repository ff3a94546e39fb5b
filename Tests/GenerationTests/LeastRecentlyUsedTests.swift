// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Testing

@Suite("Values stay within a budget of bytes, least recently used first out")
struct LeastRecentlyUsedTests {
    private typealias Models = LeastRecentlyUsed<String, Int>

    /// What inserting dropped, or nil when it was refused.
    private func insert(_ value: Int, _ bytes: Int, _ key: String, into models: inout Models) -> [String]? {
        switch models.insert(value, bytes: bytes, for: key) {
        case .kept(let dropped): dropped
        case .refused: nil
        }
    }

    private func value(_ key: String, in models: inout Models) -> Int? { models.value(for: key) }

    private func pin(_ key: String, in models: inout Models) -> Bool { models.pin(key) }

    private func remove(_ key: String, from models: inout Models) -> Bool { models.remove(key) }

    @Test("Reading a value keeps it longer")
    func order() {
        var models = LeastRecentlyUsed<String, Int>(budget: 10)
        #expect(insert(1, 4, "a", into: &models) == [])
        #expect(insert(2, 4, "b", into: &models) == [])
        #expect(value("a", in: &models) == 1)
        #expect(insert(3, 4, "c", into: &models) == ["b"])
        #expect(models.keys == ["a", "c"])
        #expect(models.bytes == 8)
        #expect(value("b", in: &models) == nil)
    }

    @Test("A value in use never leaves, and what cannot fit is refused without a change")
    func pins() {
        var models = LeastRecentlyUsed<String, Int>(budget: 10)
        _ = models.insert(1, bytes: 6, for: "a")
        #expect(pin("a", in: &models))
        #expect(insert(2, 5, "b", into: &models) == nil)
        #expect(insert(2, 11, "b", into: &models) == nil)
        #expect(insert(9, 1, "a", into: &models) == nil)
        #expect(models.keys == ["a"] && models.bytes == 6)
        #expect(!remove("a", from: &models))
        models.unpin("a")
        #expect(insert(2, 5, "b", into: &models) == ["a"])
        #expect(models.bytes == 5)
        #expect(!pin("a", in: &models))
    }

    @Test("Replacing a value counts its new size only")
    func replacement() {
        var models = LeastRecentlyUsed<String, Int>(budget: 10)
        _ = models.insert(1, bytes: 6, for: "a")
        #expect(insert(2, 9, "a", into: &models) == [])
        #expect(models.bytes == 9)
        #expect(value("a", in: &models) == 2)
        #expect(remove("a", from: &models))
        #expect(models.bytes == 0)
    }
}
