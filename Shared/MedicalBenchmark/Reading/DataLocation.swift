// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Finds the file of a split where a folder was given.
enum DataLocation {
    /// Names that publishers use for one split.
    private static let synonyms: [Set<String>] = [
        ["train", "training"], ["dev", "val", "valid", "validation"], ["test"],
    ]

    /// The file itself, or the one file of the folder whose name says the split, or the folder's only file.
    static func file(
        at location: URL, split: String?, defaultSplit: String, extensions: [String]
    ) throws(BenchmarkError) -> URL {
        guard isFolder(location) else { return location }
        let files = try children(of: location).filter { extensions.contains($0.pathExtension.lowercased()) }
        let wanted = split ?? defaultSplit
        let matching = files.filter { names(split: wanted, in: $0) }
        if matching.count == 1 { return matching[0] }
        if split == nil, files.count == 1 { return files[0] }
        let named = files.map(\.lastPathComponent).prefix(20).joined(separator: ", ")
        throw BenchmarkError(
            .unreadable, location.path,
            matching.isEmpty
                ? "no \(extensions.joined(separator: " or ")) file of split \"\(wanted)\" in it"
                : "more than one file of split \"\(wanted)\" in it",
            remedy: "name the file itself" + (named.isEmpty ? "" : "; there are: \(named)"))
    }

    /// All files of an extension at a place: the file itself, or those of a folder and the folders in it, in a stable
    /// order; where `split` is given, only those whose path below the folder says it.
    static func files(
        at location: URL, split: String?, extensions: [String]
    ) throws(BenchmarkError) -> [URL] {
        guard isFolder(location) else { return [location] }
        var found: [URL] = []
        var open: [(folder: URL, matches: Bool, depth: Int)] = [(location, split == nil, 0)]
        while let (folder, matches, depth) = open.popLast() {
            for child in try children(of: folder) {
                let isMatch = matches || split.map { names(split: $0, in: child) } ?? true
                if isFolder(child) {
                    // A link to a folder above would lead round for ever.
                    if depth < 8 { open.append((child, isMatch, depth + 1)) }
                } else if isMatch, extensions.contains(child.pathExtension.lowercased()) {
                    found.append(child)
                }
            }
        }
        guard !found.isEmpty else {
            let wanted = split.map { " of split \"\($0)\"" } ?? ""
            throw BenchmarkError(
                .unreadable, location.path, "no \(extensions.joined(separator: " or ")) file\(wanted) in it",
                remedy: "name the folder of that split, or the file itself")
        }
        return found.sorted { $0.path < $1.path }
    }

    /// The split a file's name says, or nil.
    static func split(of file: URL) -> String? {
        let words = words(of: file)
        for word in words { for group in synonyms where group.contains(word) { return word } }
        return nil
    }

    static func isFolder(_ url: URL) -> Bool {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && isDirectory
    }

    /// Regular files and folders in a stable order, hidden ones left out.
    static func children(of folder: URL) throws(BenchmarkError) -> [URL] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
            throw BenchmarkError(.unreadable, folder.path, "can't be listed", remedy: "check its permissions")
        }
        return names.filter { !$0.hasPrefix(".") }.sorted().map { folder.appending(path: $0) }
    }

    private static func names(split: String, in file: URL) -> Bool {
        let accepted = synonyms.first { $0.contains(split.lowercased()) } ?? [split.lowercased()]
        return words(of: file).contains { accepted.contains($0) }
    }

    private static func words(of file: URL) -> [String] {
        let name = file.deletingPathExtension().lastPathComponent
        return name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }
}
