import Broker
import Callers
import Platform
import Profiles

/// `doctor`: goes through all that a request depends on, and names what is wrong with the command that mends it.
///
/// What it prints is made of names, paths and times, never of secrets or tokens, so that it can be shown to others.
enum Doctor: Command {
    static let name = "doctor"

    static let manual = Manual(
        summary: "say what is wrong, and the command that mends it",
        options: [
            .init("--json", nil, "print one JSON object"),
            .init("--online", nil, "also log in once for each profile"),
        ],
        details: [
            "What it prints holds no secret and no token, so that it can be shown to others. The status is 0 where"
                + " nothing has failed, otherwise that of the first failure."
        ])

    static func answer(_ call: Call) throws(HelperError) -> Reply {
        let options = try Options(call.arguments, of: Self.self)
        try options.refuseOperands()
        let patient = Patient(call, isOnline: options["--online"] != nil)
        var stages = [
            Stage(name: "program", findings: patient.checkProgram()),
            Stage(name: "config", findings: patient.checkConfig()),
            Stage(name: "secrets", findings: patient.checkSecrets()),
            Stage(name: "store", findings: patient.checkStore()),
            Stage(name: "network", findings: patient.checkNetwork()),
        ]
        let trials = patient.isOnline ? patient.tryOut() : []
        stages.append(Stage(name: "clock", findings: patient.checkClock(trials)))
        if patient.isOnline {
            stages.append(Stage(name: "provider", findings: patient.checkProvider(trials)))
        }
        stages.append(Stage(name: "tools", findings: patient.checkTools()))
        let report = Report(
            stages: stages, version: call.version, home: Home(call.context.environment),
            layout: TextLayout(forOutputIn: call.context.environment))
        return Reply(
            output: options["--json"] == nil ? report.text : report.json.serialized + "\n",
            status: report.status)
    }
}

/// What the checks look at.
struct Patient {
    let context: Context
    let broker: Broker
    let directories: Directories
    let helper: HelperLocation
    let site: SetupSite
    let isOnline: Bool
    /// `nil` where it cannot be read, which the failure tells.
    let configuration: Configuration?
    let configFailure: HelperError?
    /// Those that can be read.
    let profiles: [Profile]

    init(_ call: Call, isOnline: Bool) {
        context = call.context
        broker = call.broker
        directories = broker.directories
        self.isOnline = isOnline
        var configuration: Configuration?
        var failure: HelperError?
        do throws(HelperError) {
            configuration = try Configuration(
                environment: context.environment, directories: directories)
        } catch {
            failure = error
        }
        self.configuration = configuration
        configFailure = failure
        let names = broker.profileName.map { [$0] } ?? configuration?.profileNames ?? []
        profiles = names.compactMap { try? configuration?.profile(named: $0) }
        helper = HelperLocation(called: CommandLine.arguments.first ?? "", context.environment)
        site = SetupSite(
            environment: context.environment, configuration: configuration, profiles: profiles,
            profileName: broker.profileName, directories: directories, helper: helper)
    }

    /// The command that gives a profile new credentials.
    func login(_ profile: Profile) -> String {
        directories.commandLine("login", profile: profile.name)
    }

    /// The command that sets a key of a profile, where a file defines it.
    func set(_ key: String, of profile: Profile, to value: String?) -> String? {
        guard case .file(let path, _) = profile.origin else { return nil }
        return ConfigRepair.setting(key, of: profile.name, in: path, to: value)
    }
}
