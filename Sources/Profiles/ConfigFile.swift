import Platform

/// One config file: which profiles are where in it, and which URLs they list, found in one pass. All else is
/// read again where it is wanted, which is for one profile.
///
/// Syntax, the names of sections and the names of keys are checked for the whole of it.
struct ConfigFile: Sendable {
    /// A profile, which may have several sections.
    struct Section {
        /// Where the name stands, or the name itself where that is not what stands there.
        var start: UInt32
        var end: UInt32
        var oddName: [UInt8]?
        /// The line of its first header.
        var line: UInt32
        /// The index of the last line that says `base-url`.
        var baseURL: UInt32?
        /// Whether it is Butlr's, as far as can be told without checking its values.
        var isButlr: Bool { saysButlr ?? !hasTokenEndpoint }
        var saysButlr: Bool?
        var hasTokenEndpoint = false
    }

    /// What stands below one header.
    private struct Block {
        /// The index of the profile.
        var section: UInt32
        var start: UInt32
        var line: UInt32
    }

    /// A line that says `url` or `base-url`.
    struct Entry {
        var isBaseURL: Bool
        var isPlain: Bool
        var isValueless: Bool
        /// The index of the profile.
        var section: UInt32
        var start: UInt32
        var end: UInt32
    }

    let path: String
    /// The file's mode, permission bits and all.
    let mode: mode_t
    private(set) var sections: [Section] = []
    private(set) var entries: [Entry] = []
    private var blocks: [Block] = []
    private let contents: FileContents

    /// Scans what a file holds.
    ///
    /// - Throws: `config`.
    init(path: String, mode: mode_t, contents: FileContents) throws(HelperError) {
        self.path = path
        self.mode = mode
        self.contents = contents
        let bytes = contents.bytes
        if bytes.count > 0, let zero = memchr(bytes.baseAddress!, 0, bytes.count) {
            let before = bytes[..<(UnsafeRawPointer(zero) - bytes.baseAddress!)]
            throw fault(before.count { $0 == .newline } + 1, "there is a NUL byte")
        }
        try scan()
    }

    /// The place of a line, as people and editors write it.
    func place(_ line: some BinaryInteger) -> Origin { .file(path: path, line: Int(line)) }

    /// The name of a profile.
    func name(of section: Section) -> String {
        withName(of: section) { String(decoding: $0, as: UTF8.self) }
    }

    /// The index of the profile with that name.
    func index(of name: [UInt8]) -> Int? {
        name.withUnsafeBytes { name in
            sections.firstIndex { section in withName(of: section) { equal($0, name) } }
        }
    }

    /// Whether that profile of another file has its name here too.
    func defines(_ section: Section, of other: ConfigFile) -> Bool {
        other.withName(of: section) { index(of: Array($0)) != nil }
    }

    /// The raw text of a URL, which is the URL where the entry is plain.
    func text(of entry: Entry) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: contents.bytes[Int(entry.start)..<Int(entry.end)])
    }

    /// The pattern that such a line gives.
    ///
    /// - Throws: `config`.
    func pattern(of entry: Entry) throws(HelperError) -> URLPattern {
        let range = Int(entry.start)..<Int(entry.end)
        let value = ConfigScanner.Value(range: range, isPlain: entry.isPlain, isCut: false)
        let key = (entry.isBaseURL ? ConfigKey.baseURL : .url).name
        let complaint: String
        var repair: (old: String, new: String)?
        if entry.isValueless || range.isEmpty {
            complaint = " has no value"
        } else if let text = String(validUTF8: value.decoded(from: contents.bytes)) {
            do throws(URLFault) {
                return try URLPattern(text)
            } catch {
                complaint = ": \(error.complaint(about: text))"
                // What the key holds, too, would be replaced there.
                if let meant = error.suggestedURL(for: text), key.parts(separatedBy: text).count == 1 {
                    repair = (text, meant)
                }
            }
        } else {
            complaint = " is not UTF-8"
        }
        // Counted only now: as a rule nobody asks.
        let line = contents.bytes[..<range.lowerBound].count { $0 == .newline } + 1
        throw fault(line, key + complaint, replacing: repair)
    }

    /// All lines of a profile, in order.
    ///
    /// - Throws: `config` where a value is no UTF-8.
    func settings(of section: Int) throws(HelperError) -> [ProfileReader.Setting] {
        var settings: [ProfileReader.Setting] = []
        for block in blocks where block.section == UInt32(section) {
            var scanner = ConfigScanner(contents.bytes, from: Int(block.start), line: Int(block.line))
            while case .entry(let entry)? = try next(&scanner) {
                guard let key = ConfigKey(bytes(of: entry.name)) else { continue }
                settings.append(try setting(key, entry.value, line: entry.line))
            }
        }
        return settings
    }

    /// The values of a kind of key in all profiles, as far as they can be read.
    func values(where isWanted: (ConfigKey) -> Bool) -> [String] {
        var values: [String] = []
        var scanner = ConfigScanner(contents.bytes)
        while let item = try? scanner.next() {
            guard case .entry(let entry) = item, let key = ConfigKey(bytes(of: entry.name)), isWanted(key),
                let value = try? setting(key, entry.value, line: entry.line).value
            else { continue }
            values.append(value)
        }
        return values
    }

    private func setting(
        _ key: ConfigKey, _ value: ConfigScanner.Value?, line: Int
    ) throws(HelperError) -> ProfileReader.Setting {
        var setting = ProfileReader.Setting(key: key, value: nil, origin: place(line))
        guard let value else { return setting }
        guard let text = String(validUTF8: value.decoded(from: contents.bytes)) else {
            throw fault(line, "the value of \(key.name) is not UTF-8")
        }
        setting.value = text
        setting.isCut = value.isCut
        return setting
    }

    private func bytes(of range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: contents.bytes[range])
    }

    /// - Parameter repair: what is to stand on the line instead of what stands there.
    private func fault(
        _ line: Int, _ message: String, replacing repair: (old: String, new: String)? = nil
    ) -> HelperError {
        let replacement = repair.flatMap {
            ConfigRepair.replacing($0.old, with: $0.new, line: line, in: path)
        }
        return HelperError(
            .config, "\(place(line)): \(message)",
            hint: replacement ?? ConfigRepair.editing(line: line, in: path))
    }

    private func withName<Result>(
        of section: Section, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        if let name = section.oddName { return name.withUnsafeBytes(body) }
        return body(UnsafeRawBufferPointer(rebasing: contents.bytes[Int(section.start)..<Int(section.end)]))
    }
}

// MARK: - The pass over the file

extension ConfigFile {
    private mutating func scan() throws(HelperError) {
        // Rough guesses that are seldom exceeded: growing an array copies it.
        sections.reserveCapacity(contents.bytes.count / 192)
        entries.reserveCapacity(contents.bytes.count / 96)
        blocks.reserveCapacity(contents.bytes.count / 192)
        var scanner = ConfigScanner(contents.bytes)
        var names = NameTable()
        var isBelowHeader = false
        while let item = try next(&scanner) {
            switch item {
            case .section(let header):
                let section = try section(header)
                let found = withName(of: section) { name in
                    names.index(of: name) { other in withName(of: sections[other]) { equal($0, name) } }
                }
                if found == sections.count { sections.append(section) }
                blocks.append(
                    Block(
                        section: UInt32(found), start: UInt32(scanner.position), line: UInt32(header.line)))
                isBelowHeader = true
            case .entry(let entry):
                guard isBelowHeader else {
                    throw fault(
                        entry.line, "a key stands before the first section; put [profile \"NAME\"] before it")
                }
                try note(entry)
            }
        }
    }

    private func next(_ scanner: inout ConfigScanner) throws(HelperError) -> ConfigScanner.Item? {
        do throws(ConfigFault) {
            return try scanner.next()
        } catch {
            throw fault(error.line, error.text, replacing: header(error))
        }
    }

    /// A header that lacks nothing but quotes, and how it should be written.
    private func header(_ fault: ConfigFault) -> (old: String, new: String)? {
        guard fault.kind == .badSection else { return nil }
        let lines = contents.bytes.split(separator: .newline, omittingEmptySubsequences: false)
        guard fault.line <= lines.count else { return nil }
        let line = String(decoding: lines[fault.line - 1], as: UTF8.self)
        let words = line.split { " \t\r[]\"'".contains($0) }
        guard words.count == 2, words[0].lowercased() == "profile" else { return nil }
        return (line.split(separator: "\r").first.map(String.init) ?? line, "[profile \"\(words[1])\"]")
    }

    /// Checks a line's key, and keeps what decides whether the profile serves a URL.
    private mutating func note(_ entry: ConfigScanner.Entry) throws(HelperError) {
        let name = bytes(of: entry.name)
        guard let key = ConfigKey(name) else { throw unknownKey(name, line: entry.line) }
        let section = blocks[blocks.count - 1].section
        switch key {
        case .url, .baseURL:
            let range = entry.value?.range ?? entry.name
            if key == .baseURL { sections[Int(section)].baseURL = UInt32(entries.count) }
            entries.append(
                Entry(
                    isBaseURL: key == .baseURL, isPlain: entry.value?.isPlain ?? false,
                    isValueless: entry.value == nil, section: section,
                    start: UInt32(range.lowerBound), end: UInt32(range.upperBound)))
        case .provider:
            let isButlr = entry.value.map { value in
                value.isPlain
                    ? bytes(of: value.range).equals("butlr")
                    : value.decoded(from: contents.bytes) == Array("butlr".utf8)
            }
            sections[Int(section)].saysButlr = isButlr ?? false
        case .tokenEndpoint: sections[Int(section)].hasTokenEndpoint = true
        default: break
        }
    }

    private func unknownKey(_ name: UnsafeRawBufferPointer, line: Int) -> HelperError {
        let name = quoted(String(decoding: name, as: UTF8.self), limit: 40)
        let nearest = nearestWord(to: name, among: ConfigKey.names)
        return fault(
            line, "unknown key \"\(name)\"" + suggestion(nearest), replacing: nearest.map { (name, $0) })
    }

    private func section(_ header: ConfigScanner.Section) throws(HelperError) -> Section {
        let bytes = contents.bytes
        let base = UnsafeRawBufferPointer(rebasing: bytes[header.base])
        guard let subsection = header.subsection else {
            // git's older way, where the name has no case.
            if base.count > 8, base[7] == UInt8(ascii: "."),
                UnsafeRawBufferPointer(rebasing: base[..<7]).equalsIgnoringCase("profile")
            {
                let name = base[8...].map(\.lowered)
                return Section(start: 0, end: 0, oddName: name, line: UInt32(header.line))
            }
            throw unknownSection(base, line: header.line)
        }
        guard base.equalsIgnoringCase("profile") else { throw unknownSection(base, line: header.line) }
        var section = Section(
            start: UInt32(subsection.lowerBound), end: UInt32(subsection.upperBound),
            line: UInt32(header.line))
        var isPlain = !subsection.isEmpty
        for byte in bytes[subsection] where byte < .space || byte >= 0x7F || byte == UInt8(ascii: "\\") {
            isPlain = false
        }
        if isPlain { return section }
        let name = ConfigScanner.Section.decodedSubsection(subsection, from: bytes)
        guard !name.isEmpty else { throw fault(header.line, "the profile has no name") }
        guard !name.contains(where: { $0 < .space || $0 == 0x7F }) else {
            throw fault(header.line, "there is a control character in the profile's name")
        }
        guard String(validUTF8: name) != nil else {
            throw fault(header.line, "the profile's name is not UTF-8")
        }
        section.oddName = name
        return section
    }

    private func unknownSection(_ base: UnsafeRawBufferPointer, line: Int) -> HelperError {
        let name = quoted(String(decoding: base, as: UTF8.self), limit: 40)
        let word = name.lowercased()
        if word == "profile" {
            return fault(
                line, "the section has no name; write it as [profile \"default\"]",
                replacing: ("[\(name)]", "[profile \"default\"]"))
        }
        if word == "include" || word == "includeif" {
            return fault(line, "[\(name)] is not supported here: keep all profiles in this file")
        }
        let nearest = nearestWord(to: word, among: ["profile"])
        return fault(
            line,
            "unknown section [\(name)]"
                + (nearest == nil
                    ? "; each is a [profile \"NAME\"]" : suggestion("[profile \"NAME\"]", quotes: "")),
            replacing: nearest.map { ("[\(name)", "[\($0)") })
    }
}

/// `; did you mean "WORD"?` where there is such a word.
func suggestion(_ word: String?, quotes: String = "\"") -> String {
    word.map { "; did you mean \(quotes)\($0)\(quotes)?" } ?? ""
}

private func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    left.count == right.count
        && (left.isEmpty || memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0)
}

/// Numbers distinct names in the order in which they come.
private struct NameTable {
    /// Open addressing: the number plus one, or zero; a power of two in size and at most half full.
    private var slots = [UInt32](repeating: 0, count: 64)
    private var hashes: [UInt64] = []

    /// The number of a name: the next one when none of those before `isSame`.
    mutating func index(of name: UnsafeRawBufferPointer, isSame: (Int) -> Bool) -> Int {
        // FNV-1a: short names, and nobody gains from colliding in their own config.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if hashes[index] == hash, isSame(index) { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        hashes.append(hash)
        slots[slot] = UInt32(hashes.count)
        if hashes.count * 2 > slots.count { grow() }
        return hashes.count - 1
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 4)
        for (index, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = UInt32(index + 1)
        }
    }
}
