import Platform
import Profiles
import TokenStore

/// What one set-up did, so that exactly that can be taken back.
struct SetupRecord: Equatable {
    /// The file as it was found; `nil` where there was none.
    var original: String?
    /// Whether the file is there only because of setup, be it for another profile.
    var isMade: Bool
    /// The path of the tool's config file.
    var file: String
    /// The hash of what the file was left with.
    var result: String
    /// The folders that were made, the outermost first.
    var folders: [String]
    /// The link that was made, and what it led to before, if it was there.
    var link: String?
    var linkTarget: String?
    var oldLinkTarget: String?

    static func hash(_ contents: String) -> String { hexadecimal(sha256(Array(contents.utf8))) }
}

/// Where records are kept: under the state folder, beside a copy of each file as it was.
struct SetupRecords {
    private let folder: PrivateFolder

    /// - Throws: `config` where there is no state folder.
    init(_ directories: Directories) throws(HelperError) {
        folder = PrivateFolder(try SetupRecords.folder(in: directories))
    }

    /// Where `setup` keeps what it needs.
    ///
    /// - Throws: `config` where there is no state folder.
    static func folder(in directories: Directories) throws(HelperError) -> String {
        guard let state = directories.state else {
            throw HelperError(
                .config, "HOME is not set, so there is no place for a backup", hint: exportHome)
        }
        return state + "/setup"
    }

    /// The record of a tool and a label, and `nil` where there is none that is whole.
    func read(_ name: String) -> SetupRecord? {
        guard let bytes = folder.read(name + ".json"), let json = try? JSON(parsing: bytes),
            json["version"]?.integer == 1, let file = json["file"]?.string,
            let result = json["result"]?.string
        else { return nil }
        var original: String?
        if json["existed"]?.bool == true {
            guard let backup = folder.read(name + ".backup") else { return nil }
            original = String(validUTF8: backup)
        }
        return SetupRecord(
            original: original, isMade: json["made"]?.bool ?? false, file: file, result: result,
            folders: json["folders"]?.array?.compactMap(\.string) ?? [], link: json["link"]?.string,
            linkTarget: json["link_target"]?.string, oldLinkTarget: json["old_link_target"]?.string)
    }

    /// Whether setup has made that file, for any profile.
    func hasMade(_ file: String) -> Bool {
        names(in: folder.path).contains { name in
            guard name.hasSuffix(".json"), let record = read(String(name.dropLast(".json".count))) else {
                return false
            }
            return record.file == file && record.isMade
        }
    }

    /// Keeps a record, and the file as it was.
    ///
    /// - Throws: `io-error`: then nothing is to be changed.
    func keep(_ record: SetupRecord, _ name: String) throws(HelperError) {
        let json = JSON.object(present: [
            "version": 1,
            "file": .string(record.file),
            "existed": .bool(record.original != nil),
            "made": .bool(record.isMade),
            "result": .string(record.result),
            "folders": .array(record.folders.map(JSON.string)),
            "link": record.link.map(JSON.string),
            "link_target": record.linkTarget.map(JSON.string),
            "old_link_target": record.oldLinkTarget.map(JSON.string),
        ])
        do throws(SystemError) {
            if let original = record.original { try folder.keep(name + ".backup", Array(original.utf8)) }
            try folder.keep(name + ".json", Array((json.serialized + "\n").utf8))
        } catch {
            throw HelperError("no backup can be kept in \(quoted(folder.path))", error, at: folder.path)
        }
    }

    func discard(_ name: String) {
        try? folder.discard(name + ".json")
        try? folder.discard(name + ".backup")
        rmdir(folder.path)
    }

    /// Where the copy of the file is.
    func backup(_ name: String) -> String { "\(folder.path)/\(name).backup" }
}
