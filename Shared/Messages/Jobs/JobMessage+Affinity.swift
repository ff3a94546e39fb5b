// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension JobMessage {
    /// What a worker should have loaded to do this job soonest: a digest of the model it names, for the kinds that ask a
    /// model. Nil for every other kind.
    public var affinity: String? {
        guard kind.rawValue.hasPrefix("infer."), let model = payload["model"] else { return nil }
        return Self.affinity(ofModel: model)
    }

    /// The digest of a model as a payload names it: FNV-1a (64 bits) of its canonical JSON. Two models that share one cost
    /// a load, no more.
    public static func affinity(ofModel model: JSONValue) -> String? {
        guard let bytes = try? MessageEncoder.encode(model) else { return nil }
        let hash = bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
