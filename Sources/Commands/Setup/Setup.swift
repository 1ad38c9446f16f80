import Broker
import Callers
import Platform
import Profiles

/// `setup`: writes a calling tool's own config, and takes back what it wrote.
enum Setup: Command {
    static let name = "setup"

    static let manual = Manual(
        operands: "TOOL", choices: SetupTools.names,
        summary: "write a tool's own config, so that it calls the helper",
        options: [
            .init("--print", nil, "show the change, and change nothing"),
            .init("--undo", nil, "take the change back"),
        ],
        details: [
            "TOOL is one of: \(SetupTools.names.joined(separator: ", ")).",
            "The tool then asks for the URLs that the profiles list, or that the one named with --profile does."
                + " The change is shown before it is made, other helpers stay, and --undo brings the file back"
                + " byte for byte or, where it has been changed since, takes only the helper out.",
        ])

    static func answer(_ call: Call) throws(HelperError) -> Reply {
        let options = try Options(call.arguments, of: Self.self)
        guard let name = options.operands.first, options.operands.count == 1 else {
            throw HelperError(
                .usage, "setup needs a tool: \(SetupTools.names.joined(separator: ", "))",
                hint: "butlr-credential setup git")
        }
        guard let tool = SetupTools.all.first(where: { $0.name == name }) else {
            let nearest = nearestWord(to: name, among: SetupTools.names)
            throw HelperError(
                .usage,
                "setup knows no tool \"\(quoted(name))\": \(SetupTools.names.joined(separator: ", "))",
                hint: nearest.map { "did you mean \($0)?" })
        }
        guard options["--print"] == nil || options["--undo"] == nil else {
            throw HelperError(.usage, "setup takes --print or --undo, not both")
        }
        let isUndo = options["--undo"] != nil
        let site = try site(call, requiringProfiles: !isUndo)
        let change = SetupChange(
            tool, site, records: try SetupRecords(state: call.broker.directories.state))
        if isUndo { return try change.undo() }
        if site.helper.isInBuildFolder {
            call.context.log.warn(
                "\(change.home.abbreviating(site.helper.path)) is in a build folder, and gone with it;"
                    + " integrations/install puts the helper in a lasting place")
        }
        return try change.make(isTrial: options["--print"] != nil)
    }

    /// - Parameter requiringProfiles: whether it is a failure that there are none.
    static func site(_ call: Call, requiringProfiles: Bool) throws(HelperError) -> SetupSite {
        var profiles: [Profile] = []
        do throws(HelperError) {
            profiles = try call.broker.profiles()
            if profiles.isEmpty { _ = try call.broker.selection(for: CredentialRequest()) }
        } catch {
            if requiringProfiles { throw error }
        }
        return SetupSite(
            environment: call.context.environment,
            configuration: try? call.broker.configuration(), profiles: profiles,
            profileName: call.broker.profileName, directories: call.broker.directories,
            helper: HelperLocation(called: CommandLine.arguments.first ?? "", call.context.environment))
    }
}
