// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A place in a message that names data or a model.
public struct DataPlace: Sendable, Hashable {
    /// Where, such as `payload.sources[0].path`.
    public var path: String
    public var reference: DataReference
    /// Whether it is an item of a list, where one reference may be replaced by several.
    public var isListItem: Bool

    public init(path: String, reference: DataReference, isListItem: Bool) {
        self.path = path
        self.reference = reference
        self.isListItem = isListItem
    }
}

extension JobMessage {
    /// The fields whose text is a `DataReference`, in the payloads of all kinds.
    private static let referenceFields: Set<String> = [
        "tokenizer", "path", "sources", "model", "adapter", "dataset", "tokens", "data", "shotsData", "predictions",
    ]

    /// Every place that names data or a model, in the order of their paths; found in the untyped payload, so also where
    /// `${stage.field}` still stands for values of other types. `output` is not among them.
    public var dataPlaces: [DataPlace] {
        var places: [DataPlace] = []
        _ = replacingDataReferences { place in
            places.append(place)
            return [place.reference]
        }
        return places
    }

    /// The message with every reference replaced by what `replacement` gives: one, or in a list any number.
    public func replacingDataReferences<Failure: Error>(
        _ replacement: (DataPlace) throws(Failure) -> [DataReference]
    ) throws(Failure) -> JobMessage {
        // A report names stages and inlines results; text in those is no request for data.
        guard kind != .reportBuild else { return self }
        var message = self
        message.payload = try Self.walk(payload, "payload", isReference: false, replacement)
        return message
    }

    private static func walk<Failure: Error>(
        _ value: JSONValue, _ path: String, isReference: Bool,
        _ replacement: (DataPlace) throws(Failure) -> [DataReference]
    ) throws(Failure) -> JSONValue {
        switch value {
        case .string(let text) where isReference && !text.isEmpty && !text.hasPrefix(ModelReference.remotePrefix):
            let place = DataPlace(path: path, reference: DataReference(text), isListItem: false)
            return .string(try replacement(place).first?.text ?? text)
        case .array(let items):
            var result: [JSONValue] = []
            for (index, item) in items.enumerated() {
                let itemPath = "\(path)[\(index)]"
                if isReference, case .string(let text) = item, !text.isEmpty {
                    let place = DataPlace(path: itemPath, reference: DataReference(text), isListItem: true)
                    for reference in try replacement(place) { result.append(.string(reference.text)) }
                } else {
                    result.append(try walk(item, itemPath, isReference: false, replacement))
                }
            }
            return .array(result)
        case .object(let members):
            var result = members
            for (name, member) in members.sorted(by: { $0.key < $1.key }) where name != "configuration" {
                // `data` of `evaluate.perplexity` is a dictionary of references by domain.
                let names = isReference && path.hasSuffix(".data")
                result[name] = try walk(
                    member, "\(path).\(name)", isReference: names || referenceFields.contains(name), replacement)
            }
            return .object(result)
        default:
            return value
        }
    }
}
