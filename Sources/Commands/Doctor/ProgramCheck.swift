import Callers
import Platform
import Profiles

extension Patient {
    /// The helper and the names that tools call it by.
    func checkProgram() -> [Finding] {
        var findings: [Finding] = []
        let shown = quoted(helper.path)
        if helper.isOnPath {
            findings.append(.ok("\(shown) is on the PATH"))
        } else if let rival = helper.rival {
            findings.append(
                .warn(
                    "\(shown) runs, but on the PATH another one comes first: \(quoted(rival))",
                    mend: "export PATH=\(shellWord(folder(of: helper.path))):\"$PATH\""))
        } else {
            findings.append(.warn("\(shown) is not on the PATH", mend: link([HelperLocation.name])))
        }
        if helper.isInBuildFolder {
            findings.append(
                .warn(
                    "\(quoted(helper.resolved)) is in a build folder, and gone with it",
                    mend: "integrations/install"))
        }
        // One command may mend both.
        return findings
            + checkNames().filter { name in !findings.contains { $0.mend == name.mend && $0.mend != nil } }
    }

    private func checkNames() -> [Finding] {
        // Terraform looks elsewhere, and `keyring` is only for those who ask for it.
        let elsewhere = ["terraform-credentials-butlr", "keyring"]
        let names = Program.commands.compactMap { $0.program }.filter { !elsewhere.contains($0) }
        var missing: [String] = []
        var findings: [Finding] = []
        for name in names {
            guard let found = findProgram(name, path: context.environment["PATH"]) else {
                missing.append(name)
                continue
            }
            if !helper.isSame(found) {
                findings.append(.warn("\(name) is another program: \(quoted(found))", mend: link([name])))
            }
        }
        if missing.isEmpty, findings.isEmpty {
            findings.append(.ok("its names for other tools are on the PATH, too"))
        } else if !missing.isEmpty {
            findings.append(
                .warn("not on the PATH: \(missing.joined(separator: ", "))", mend: link(missing)))
        }
        return findings
    }

    /// The command that puts the helper on the `PATH` under these names.
    func link(_ names: [String]) -> String {
        guard let place = writableFolderOnPath else {
            return "export PATH=\(shellWord(folder(of: helper.path))):\"$PATH\""
        }
        let target = shellWord(helper.isOnPath ? helper.path : helper.resolved)
        let make = access(place, F_OK) == 0 ? "" : "mkdir -p \(shellWord(place)) && "
        if names.count == 1 { return "\(make)ln -sf \(target) \(shellWord(place))/\(names[0])" }
        return
            "\(make)for n in \(names.joined(separator: " ")); do ln -sf \(target) \(shellWord(place))/$n; done"
    }

    /// Where the user may put a program: the helper's own folder, or the first of the user's.
    private var writableFolderOnPath: String? {
        let folders = (context.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let own = folder(of: helper.path)
        if folders.contains(own), access(own, W_OK) == 0 { return own }
        guard let home = context.environment.absolutePath("HOME") else { return nil }
        return folders.first {
            $0.hasPrefix(home + "/") && (access($0, W_OK) == 0 || $0 == home + "/.local/bin")
        }
    }
}
