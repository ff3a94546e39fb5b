// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Foundation

/// Folders of reference results and public data that live outside the repository.
///
/// `MELLAMA_ORACLES` and `MELLAMA_DATA` name them; without the variables, `../shared/oracles` and `../shared/data`
/// beside the repository are taken when they exist. Suites that need a folder are skipped, visibly, without it.
public enum OutsideData {
    /// Results that reference libraries computed, or nil when the folder is absent.
    public static let oracles: URL? = folder(variable: "MELLAMA_ORACLES", beside: "../shared/oracles")

    /// Public data in its publishers' layouts, or nil when the folder is absent.
    public static let data: URL? = folder(variable: "MELLAMA_DATA", beside: "../shared/data")

    /// The root of this repository.
    public static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The repository's own small goldens, each beside the script that made it.
    public static let fixtures = repository.appending(path: "Tests/Fixtures")

    /// Every folder below `root`, itself included, for which `predicate` holds, in a stable order.
    public static func folders(below root: URL?, where predicate: (URL) -> Bool) -> [URL] {
        guard let root else { return [] }
        var found = predicate(root) ? [root] : []
        let children = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.isDirectoryKey])
        while let child = children?.nextObject() as? URL {
            if child.isFolder, predicate(child) { found.append(child) }
        }
        return found.sorted { $0.path < $1.path }
    }

    private static func folder(variable: String, beside path: String) -> URL? {
        if let named = ProcessInfo.processInfo.environment[variable], !named.isEmpty {
            let url = URL(filePath: named, directoryHint: .isDirectory)
            precondition(url.isFolder, "\(variable) names \(named), which is no folder; unset it or mend it")
            return url
        }
        let url = repository.appending(path: path).standardizedFileURL
        return url.isFolder ? url : nil
    }
}
