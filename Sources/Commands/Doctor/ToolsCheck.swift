import Platform
import Profiles

extension Patient {
    /// Each calling tool that is installed: whether it calls the helper, and whether it finds it.
    func checkTools() -> [Finding] {
        let search = context.environment["PATH"]
        guard context.environment.absolutePath("HOME") != nil else {
            return [.warn("HOME is not set, so no tool's config can be looked at", mend: exportHome)]
        }
        var findings: [Finding] = []
        var others: [String] = []
        for tool in SetupTools.all
        where tool.programs.contains(where: { findProgram($0, path: search) != nil }) {
            let found = check(tool)
            if found.isEmpty { others.append(tool.name) } else { findings += found }
        }
        if !others.isEmpty {
            findings.append(
                .ok("not set up (\(site.setup("TOOL")) does that): " + others.joined(separator: ", ")))
        }
        return findings
    }

    /// - Returns: nothing where the tool does not call a helper of this name.
    private func check(_ tool: any SetupTool.Type) -> [Finding] {
        let file: EditedFile
        do throws(HelperError) {
            file = try EditedFile(try tool.file(site))
        } catch {
            return [.warn("\(tool.name): \(error.message)", mend: error.hint)]
        }
        var helpers: [String] = []
        for helper in file.contents.map(tool.helpers) ?? [] where !helpers.contains(helper) {
            helpers.append(helper)
        }
        if helpers.isEmpty { return [] }
        if tool == PipSetup.self { return checkKeyring(file.contents ?? "") }
        return helpers.map { check($0, tool) } + (tool == GitSetup.self ? checkRivals() + checkPaths() : [])
    }

    private func check(_ program: String, _ tool: any SetupTool.Type) -> Finding {
        guard let found = find(program, tool) else {
            let isPath = program.hasPrefix("/") || tool.link(site) != nil
            return .fail(
                .config,
                "\(tool.name) calls \(quoted(program)), which is not \(isPath ? "there" : "on the PATH")",
                mend: isPath ? site.setup(tool.name) : link([program]))
        }
        guard helper.isSame(found) else {
            return .warn(
                "\(tool.name) calls another helper: \(quoted(found))",
                mend: site.setup(tool.name))
        }
        return .ok("\(tool.name) calls \(quoted(program))")
    }

    /// pip calls whatever keyring comes first on the `PATH`, and that may be the one that its user wants.
    private func checkKeyring(_ contents: String) -> [Finding] {
        let found = find(PipSetup.program, PipSetup.self)
        if let found, helper.isSame(found) { return [.ok("pip calls \(PipSetup.program)")] }
        guard found == nil || PipSetup.isMarked(contents) else { return [] }
        let called =
            found.map { "another program: \(quoted($0))" } ?? "\(PipSetup.program), which is not on the PATH"
        return [.warn("pip calls \(called)", mend: PipSetup.pathCommand(site))]
    }

    private func find(_ program: String, _ tool: any SetupTool.Type) -> String? {
        if !program.hasPrefix("/"), let link = tool.link(site) { return findProgram(link, path: nil) }
        return findProgram(program, path: context.environment["PATH"])
    }

    /// git takes the first answer.
    private func checkRivals() -> [Finding] {
        guard findProgram("git", path: context.environment["PATH"]) != nil else { return [] }
        return site.urls.filter { GitSetup.asksAnotherFirst(at: $0, site) }.map { url in
            .warn(
                "git asks another helper first at \(quoted(url.bare))", mend: GitSetup.takeover(of: url, site)
            )
        }
    }

    /// git sends no path unless it is told to, and then a URL with a path serves nothing.
    private func checkPaths() -> [Finding] {
        guard let git = findProgram("git", path: context.environment["PATH"]) else { return [] }
        return site.urls.filter(\.hasPath).compactMap { url in
            // Any host below a wildcard does.
            let example = url.origin.replacingWildcard + url.bare.dropFirst(url.origin.utf8.count)
            let answer = try? runProgram(
                git, ["config", "--get-urlmatch", "credential.useHttpPath", example],
                environment: site.childEnvironment)
            let value = answer.map { trimmed(String(decoding: $0.output, as: UTF8.self)) }
            if value == "true" { return nil }
            return .warn(
                "git sends no path, so it gets no token for \(quoted(url.bare))",
                mend: "git config --global \(shellWord("credential.\(url.bare).useHttpPath")) true")
        }
    }
}

extension String {
    /// A URL with a host's name where a wildcard stands.
    fileprivate var replacingWildcard: String {
        guard let offset = utf8.offset(of: Array("://*.".utf8)) else { return self }
        return "\(prefix(offset))://any.\(dropFirst(offset + 5))"
    }
}
