import Broker
import Platform

/// The process that an answer leaves behind to renew a token which is still good; no tool and no person calls it.
public enum Renew: Command {
    public static let name = RenewAhead.command

    public static let manual = Manual(
        summary: "renew a token in the background")

    public static let isSilent = true

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        // The caller may wait until its pipes are closed, also those that it did not name.
        closeInheritedFiles()
        try call.broker.selection(for: CredentialRequest()).renewAhead()
        return Reply()
    }
}
