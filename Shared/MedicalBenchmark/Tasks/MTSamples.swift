// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// MTSamples: the medical speciality, of forty, that a transcription belongs to.
///
/// Layout (mtsamples.com as one CSV, 4,999 records): `medical_specialty` with a leading space, `transcription`, and
/// columns that are not read. Its publisher has no splits, and the paper's are not published. Records without a
/// transcription are passed over; an id is the record's number in the file.
public struct MTSamples: OpenBenchmarkTask {
    public let id = "mtsamples"
    public let name = "MTSamples"
    public let source =
        "https://mtsamples.com (as one CSV: https://www.kaggle.com/datasets/tboyle10/medicaltranscriptions)"
    public let answerKind = AnswerKind.word
    public let prompts = PromptLibrary.tableA2("MTSample", slots: [.context]) + PromptLibrary.code("MTSample")

    /// In the order of Table A2, in which the authors' parser looks for them: "Surgery" stands before "Neurosurgery".
    static let labels = [
        "Surgery", "Allergy / Immunology", "Sleep Medicine", "Pediatrics - Neonatal", "SOAP / Chart / Progress Notes",
        "Bariatrics", "Pain Management", "Lab Medicine - Pathology", "Dermatology", "Orthopedic", "Dentistry",
        "Psychiatry / Psychology", "General Medicine", "Office Notes", "Letters", "Neurosurgery", "Radiology",
        "Cosmetic / Plastic Surgery", "Nephrology", "Diets and Nutritions", "Chiropractic", "Gastroenterology",
        "Cardiovascular / Pulmonary", "Speech - Language", "Hospice - Palliative Care", "Autopsy", "Endocrinology",
        "Emergency Room Reports", "Discharge Summary", "ENT - Otolaryngology", "Urology",
        "Physical Medicine - Rehab", "Neurology", "Podiatry", "Ophthalmology", "Rheumatology",
        "IME-QME-Work Comp etc.", "Hematology - Oncology", "Consult - History and Phy.", "Obstetrics / Gynecology",
    ]

    public init() {}

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        let url = try DataLocation.file(at: location, split: split, defaultSplit: "test", extensions: ["csv"])
        let file = try DataFile(url)
        let table = try DataTable(file, .csv, columns: ["medical_specialty", "transcription"])
        var items: [BenchmarkItem] = []
        for row in table.rows {
            guard let text = row["transcription"], !text.isBlank else { continue }
            let label = PythonText.strip(row["medical_specialty"] ?? "")
            guard Self.labels.contains(label) else {
                throw .record(
                    file.path, line: row.line, field: "medical_specialty", "is none of the forty specialities",
                    remedy: RecordDecoder.layoutRemedy)
            }
            items.append(
                BenchmarkItem(id: String(row.number), question: "", context: text, labels: Self.labels, gold: label))
        }
        return try BenchmarkDataset(
            split: split ?? DataLocation.split(of: url), file: file.path, sha256: file.digest, items: items)
    }
}
