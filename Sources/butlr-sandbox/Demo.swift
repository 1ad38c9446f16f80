import Sandbox

/// `butlr-sandbox demo`: lets the real helper answer each calling tool's request, against a sandbox in this
/// process and in a home of its own.
///
/// - Returns: 0 when every step behaved, 1 when one did not, 66 (`EX_NOINPUT` of `sysexits.h`) without a helper,
///   71 (`EX_OSERR`) when the system gives no socket or no temporary folder.
@Sendable
func demo(_ arguments: [String]) throws(UsageError) -> Int32 {
    if arguments.contains("--help") || arguments.contains("-h") {
        print("usage: butlr-sandbox demo\n\n\(demoHelp)")
        return 0
    }
    guard arguments.isEmpty else { throw UsageError("demo takes no arguments") }
    guard let helper = programBesideThis("butlr-credential") else {
        complain("butlr-credential is not beside this program; build it with: swift build")
        return 66
    }
    blockInterrupts()
    // A reader who has seen enough, such as `head`, must not leave the temporary home behind.
    signal(SIGPIPE, SIG_IGN)
    // Whoever ignores it is not told how a child ended, and a child inherits that.
    signal(SIGCHLD, SIG_DFL)
    let crew = DemoCrew()
    let sandbox = SandboxServer()
    do {
        let baseURL = try sandbox.start()
        defer { sandbox.stop() }
        let home = try DemoHome(helper: helper, sandbox: baseURL)
        defer { home.remove() }
        onInterrupt { signal in
            crew.end {
                home.remove()
                endBySignal(signal)
            }
        }
        let show = DemoShow(
            page: DemoPage(home: home.path), sandbox: sandbox, baseURL: baseURL,
            shell: DemoShell(environment: home.environment, crew: crew), home: home)
        return show.run() ? 0 : 1
    } catch {
        complain("\(error)")
        return 71
    }
}

private let demoHelp = """
    Starts an emulator of Butlr's login endpoints in this process, makes a temporary
    home with a config for it, and shows what butlr-credential answers to a program,
    curl, git and kubectl (those that are installed), and when it refuses. Nothing
    leaves this machine, and nothing stays on it. The exit status is 0 when
    everything behaved. No color and no bold print with NO_COLOR=1 or TERM=dumb.
    """
