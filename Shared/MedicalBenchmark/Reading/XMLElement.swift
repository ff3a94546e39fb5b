// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// An element of an XML file with its attributes, the text directly in it, and its children.
struct XMLElement {
    let name: String
    let attributes: [String: String]
    /// Where it begins, counted from 1.
    let line: Int
    var text = ""
    var children: [XMLElement] = []

    /// The children of a name.
    func children(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

    func attribute(_ name: String, in file: String) throws(BenchmarkError) -> String {
        if let value = attributes[name] { return value }
        throw .record(file, line: line, field: name, "is missing", remedy: RecordDecoder.layoutRemedy)
    }

    /// The root of a file.
    ///
    /// Reads what annotation files are made of: elements, attributes, text, CDATA, comments, the five named references
    /// and numeric ones. A DOCTYPE may stand there, but no entity of its own: nothing can be made to expand.
    static func read(_ file: DataFile) throws(BenchmarkError) -> XMLElement {
        var reader = XMLReader(bytes: file.bytes, file: file.path)
        return try reader.root()
    }
}
