import Callers
import Platform

/// A change to one tool's config: shown first, then made, and taken back some day.
struct SetupChange {
    let tool: any SetupTool.Type
    let site: SetupSite
    let records: SetupRecords
    let home: Home
    private let name: String

    init(_ tool: any SetupTool.Type, _ site: SetupSite, records: SetupRecords) {
        self.tool = tool
        self.site = site
        self.records = records
        home = Home(site.environment)
        name = tool.name + (site.profileName.map { "-" + fileNameEncoded($0) } ?? "")
    }

    // MARK: Making it

    /// Shows the change and, unless this is a trial, makes it.
    func make(isTrial: Bool) throws(HelperError) -> Reply {
        guard !site.urls.isEmpty else {
            throw HelperError(
                .noProfile, "no profile lists a URL that \(tool.name) may ask for",
                hint: "name the server: " + site.permitting("https://HOST/"))
        }
        let file = try EditedFile(try tool.file(site))
        let contents = try tool.adding(to: file.contents, site)
        let link = try wantedLink()
        let isChanged = contents != file.contents ?? ""
        guard isChanged || link != nil else {
            return Reply(
                output: "\(tool.name) is set up already, in \(home.abbreviating(file.path)).\n" + notes)
        }
        var shown = ""
        if isChanged { shown += describe(file, contents) }
        if let link {
            shown +=
                "\(home.abbreviating(link.path)):\n  + a link to \(home.abbreviating(site.helper.path))\n"
        }
        if isTrial {
            return Reply(output: shown + "Nothing is changed: this is what setup would do.\n" + notes)
        }
        try show(shown)
        try apply(file, contents, link)
        return Reply(output: done + notes)
    }

    private func apply(
        _ file: EditedFile, _ contents: String, _ link: (path: String, old: String?)?
    ) throws(HelperError) {
        let earlier = records.read(name)
        var record = SetupRecord(
            original: file.contents, isMade: file.contents == nil || records.hasMade(file.path),
            file: file.path, result: SetupRecord.hash(contents), folders: [])
        if let earlier, earlier.file == file.path {
            // What is to come back is what was there before the helper ever came.
            if file.contents.map(SetupRecord.hash) == earlier.result {
                record.original = earlier.original
            } else if let text = file.contents {
                record.original = try tool.removing(from: text, site)
            }
            record.folders = earlier.folders
            (record.link, record.linkTarget, record.oldLinkTarget) =
                (earlier.link, earlier.linkTarget, earlier.oldLinkTarget)
        }
        if let link {
            (record.link, record.linkTarget) = (link.path, site.helper.path)
            if earlier?.link == nil { record.oldLinkTarget = link.old }
        }
        // First the way back: should this process be killed from here on, it is there.
        try records.keep(record, name)
        if contents != file.contents ?? "" { record.folders += try file.replace(with: contents) }
        if let link { record.folders += try make(link: link.path) }
        try records.keep(record, name)
    }

    private var done: String {
        let original =
            records.read(name)?.original == nil
            ? "" : ", as it was: \(home.abbreviating(records.backup(name)))"
        return "Done\(original.isEmpty ? "" : "; the file\(original)").\n"
            + "To take it back: \(site.setup(tool.name, "--undo"))\n"
    }

    private var notes: String {
        let layout = TextLayout(forOutputIn: site.environment)
        return tool.notes(site).map { note in
            // A command is to be copied, so it is not wrapped.
            layout.paragraph("Note: " + home.abbreviating(note.text))
                + (note.command.map { "  " + home.abbreviating($0) + "\n" } ?? "")
        }.joined()
    }

    // MARK: Taking it back

    /// Brings the file back as it was or, where others have changed it since, takes only the helper out of it.
    func undo() throws(HelperError) -> Reply {
        let record = records.read(name)
        let file: EditedFile
        if let record {
            file = try EditedFile(record.file)
        } else {
            file = try EditedFile(try tool.file(site))
        }
        var contents = file.contents
        if let record, file.contents.map(SetupRecord.hash) == record.result {
            contents = record.original
        } else if let current = file.contents {
            contents = try tool.removing(from: current, site)
            if record?.isMade == true, trimmed(contents ?? "").isEmpty { contents = nil }
        }
        var shown = ""
        if contents != file.contents {
            shown = describe(file, contents ?? "")
            if contents == nil { shown += "  (the file is removed)\n" }
        }
        let link = linkToUndo(record)
        if let link { shown += "\(home.abbreviating(link)):\n  - a link to the helper\n" }
        guard !shown.isEmpty || record != nil else {
            return Reply(output: "There is nothing to take back in \(home.abbreviating(file.path)).\n")
        }
        try show(shown)
        if contents != file.contents { try file.replace(with: contents) }
        if let link {
            unlink(link)
            if let old = record?.oldLinkTarget { symlink(old, link) }
        }
        // Only those that are empty go.
        for folder in (record?.folders ?? []).reversed() { rmdir(folder) }
        records.discard(name)
        return Reply(output: "Taken back.\n")
    }

    // MARK: The link

    /// The link to be made, and what it leads to so far.
    ///
    /// - Returns: `nil` where there is no need of one.
    private func wantedLink() throws(HelperError) -> (path: String, old: String?)? {
        guard let path = tool.link(site) else { return nil }
        var status = stat()
        guard lstat(path, &status) == 0 else { return (path, nil) }
        guard status.st_mode & S_IFMT == S_IFLNK, let old = linkTarget(path) else {
            throw HelperError(
                .config, "\(home.abbreviating(path)) is in the way, and no link",
                hint: "mv \(shellWord(path)) \(shellWord(path + ".old"))")
        }
        return old == site.helper.path ? nil : (path, old)
    }

    private func make(link path: String) throws(HelperError) -> [String] {
        do throws(SystemError) {
            let folders = try makeFolders(folder(of: path)[...])
            let temporary = FileDraft.path(of: path)
            // One that a killed process left.
            unlink(temporary)
            guard symlink(site.helper.path, temporary) == 0, rename(temporary, path) == 0 else {
                let failure = SystemError()
                unlink(temporary)
                throw failure
            }
            return folders
        } catch {
            throw HelperError("the link \(quoted(path)) cannot be made", error, at: path)
        }
    }

    private func linkToUndo(_ record: SetupRecord?) -> String? {
        guard let path = record?.link ?? tool.link(site), let target = linkTarget(path) else { return nil }
        return target == record?.linkTarget ?? site.helper.path ? path : nil
    }

    // MARK: Showing it

    private func describe(_ file: EditedFile, _ contents: String) -> String {
        let lines = tool.description(of: file.contents ?? "", contents, site)
        return "\(home.abbreviating(file.path)):\n" + lines.map { "  \($0)\n" }.joined()
    }

    /// Writes to standard output at once: nothing is changed before it has been shown.
    private func show(_ text: String) throws(HelperError) {
        do {
            try writeAll(STDOUT_FILENO, Array(text.utf8))
        } catch {
            throw HelperError(.ioError, "the change cannot be shown: \(error)")
        }
    }
}
