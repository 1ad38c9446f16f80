import Sandbox

/// Measures, prints and draws.
///
/// - Returns: 0; 64 (`EX_USAGE` of `sysexits.h`) for a wrong command line; 66 (`EX_NOINPUT`) without a helper; 71
///   (`EX_OSERR`) where a measurement cannot be made.
func benchmark(_ arguments: [String]) -> Int32 {
    if arguments.contains("--help") || arguments.contains("-h") {
        print(Settings.help)
        return 0
    }
    let settings: Settings
    do throws(UsageError) {
        settings = try Settings(arguments)
    } catch {
        complain("\(error) (see butlr-benchmark --help)")
        return 64
    }
    guard let helper = programBesideThis("butlr-credential") else {
        complain("butlr-credential is not beside this program; build it with: swift build -c release")
        return 66
    }
    Interrupt.watch()
    do {
        try measure(settings, helper)
        return 0
    } catch {
        complain("\(error)")
        return Interrupt.isOver ? 130 : 71
    }
}

private func measure(_ settings: Settings, _ helper: String) throws {
    let provider = SandboxServer()
    let baseURL = try provider.start()
    defer { provider.stop() }
    let home = try Household(helper: helper, provider: baseURL)
    defer { home.remove() }
    let driver = Driver()
    let peers = Peers(home, driver)
    defer { peers.end() }
    let measurements = Measurements(
        settings: settings, home: home, driver: driver, provider: provider, baseURL: baseURL)

    let timings = try measurements.hits(peers.found)
    var figures = [try measurements.miss()]
    figures += try measurements.crowd()
    figures += try measurements.footprint()
    figures += try measurements.scale()
    if settings.renewalSeconds > 0 { figures += try measurements.renewal() }
    if settings.measuresBuild { figures.append(try measurements.build()) }

    let base = timings.first { $0.name == peers.gitStore?.name }
    print(
        Report(timings: timings, base: base, figures: figures, missing: peers.missing).markdown,
        terminator: "")
    if let picture = settings.picture {
        let bytes = Array(Chart(timings: timings).svg.utf8)
        let file = open(picture, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0, write(file, bytes, bytes.count) == bytes.count, close(file) == 0 else {
            throw Trouble("cannot write \(picture)")
        }
    }
}

/// One line on standard error.
func complain(_ message: String) {
    let line = Array("butlr-benchmark: \(message)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}
