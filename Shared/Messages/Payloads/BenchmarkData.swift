// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A benchmark's data, named by its task: `pubmedqa` (looked up in the data roots) or `{"task": …, "data": …}`.
public struct BenchmarkData: Codable, Sendable, Hashable {
    public var task: String
    public var data: DataReference?
    /// Which records are asked, counted from 0, such as `400..<500`. Default all.
    public var records: String?

    public init(task: String, data: DataReference? = nil, records: String? = nil) {
        self.task = task
        self.data = data
        self.records = records
    }

    private enum CodingKeys: String, CodingKey { case task, data, records }

    public init(from decoder: any Decoder) throws {
        if let task = try? decoder.singleValueContainer().decode(String.self) {
            self.init(task: task)
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            task: try container.decode(String.self, forKey: .task),
            data: try container.decodeIfPresent(DataReference.self, forKey: .data),
            records: try container.decodeIfPresent(String.self, forKey: .records))
    }
}
