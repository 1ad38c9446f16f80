import Platform
import TestSupport
import Testing

/// The process itself: whose rights it takes, and who may look into it.
@Suite struct ProcessTests {
    // MARK: - Rights

    /// Before anything is read: whoever starts it would choose the config, and with it the commands that are run.
    @Test(.unsanitized("the sanitizer refuses them first"), arguments: [mode_t(0o4755), 0o2755])
    func rightsOfItsFileAreRefused(_ mode: mode_t) async throws {
        try requireRoot()
        let victim = try Victim()
        let copy = victim.helper.home.path("helper")
        try victim.helper.home.write(copy, try victim.helper.home.readBytes(victim.helper.executable))
        try #require(chown(copy, stranger, stranger) == 0)
        try victim.helper.home.setMode(copy, mode)
        var disk = statvfs()
        try #require(statvfs(copy, &disk) == 0)
        if disk.f_flag & UInt(ST_NOSUID) != 0 { try Test.cancel("setuid means nothing here") }
        for arguments in [["get"], ["token"], ["status"], ["exec", "--", "id"], []] {
            let result = try await victim.helper.client(copy, arguments).run()
            #expect(result.status == 64, "\(result)")
            #expect(result.output == "")
            #expect(result.errors.contains("setuid"), "\(result)")
        }
        #expect(victim.provider.connectionCount == 0)
        try victim.helper.home.setMode(copy, 0o755)
        #expect(try await victim.helper.client(copy, ["token"]).run().output == Victim.token + "\n")
    }

    /// A file's capabilities are such rights, too, for whoever is not root.
    @Test(.clients("setcap", "setpriv"), .unsanitized("the sanitizer refuses them first"))
    func capabilitiesOfItsFileAreRefused() async throws {
        try requireRoot()
        let victim = try Victim()
        let copy = victim.helper.home.path("helper")
        try victim.helper.home.write(copy, try victim.helper.home.readBytes(victim.helper.executable))
        try victim.helper.home.setMode(copy, 0o755)
        let program = try victim.helper.unprivileged(copy, ["token"])
        #expect(try await program.run().output == Victim.token + "\n")
        let given = try await victim.helper.client("setcap", ["cap_net_bind_service+ep", copy]).run()
        var disk = statvfs()
        try #require(statvfs(copy, &disk) == 0)
        if given.status != 0 || disk.f_flag & UInt(ST_NOSUID) != 0 { try Test.cancel("no capabilities here") }
        let result = try await program.run()
        #expect(result.status == 64 && result.output == "", "\(result)")
        #expect(result.errors.contains("setcap -r"), "\(result)")
        #expect(victim.provider.connectionCount == 1)
    }

    /// What a privileged caller's environment may point to: another user's files.
    @Test(arguments: ["BUTLR_CONFIG", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "HOME"])
    func anotherUsersConfigIsNotRootsToFollow(_ variable: String) async throws {
        try requireRoot()
        let victim = try Victim()
        let thief = try Victim()
        try thief.helper.home.write(
            "x/butlr-credential/config", try thief.helper.configFolder.readBytes("config"))
        let path =
            switch variable {
            case "BUTLR_CONFIG": thief.helper.configFolder.path("config")
            case "HOME": thief.helper.home.path
            default: thief.helper.home.path("x")
            }
        for name in [""] + (try thief.helper.home.list()) {
            try #require(lchown(thief.helper.home.path(name), stranger, stranger) == 0)
        }
        try victim.helper.configFolder.remove("config")
        for arguments in [["get"], ["token"], ["exec", "--", "id"], ["status"]] {
            let result = try await victim.helper.program(arguments, environment: [variable: path]).run()
            #expect(result.status != 0, "\(result)")
            #expect(result.everything.contains("belongs to another user"), "\(result)")
            expectNoCanary(result)
        }
        #expect(thief.provider.connectionCount == 0)
    }

    /// Nor is anything kept where another user could read it.
    @Test(arguments: ["XDG_CACHE_HOME", "XDG_STATE_HOME"])
    func anotherUsersFolderIsNoPlaceForATokenOfRoots(_ variable: String) async throws {
        try requireRoot()
        let victim = try Victim()
        let folder = victim.helper.home.folder("theirs/butlr-credential")
        try victim.helper.home.makeFolder(folder.path)
        try #require(chown(folder.path, stranger, stranger) == 0)
        let result = try await victim.helper.run(
            "token", environment: [variable: victim.helper.home.path("theirs")])
        #expect(result.output == Victim.token + "\n", "\(result)")
        #expect(result.errors.contains("warning"), "\(result)")
        #expect(try folder.list() == [])
    }

    // MARK: - Room

    /// A lock is asked for by a thread, as a rule.
    @Test(.clients("setpriv")) func aDeadlineHoldsWhereThereIsNoRoomForAThread() async throws {
        let victim = try Victim(environment: ["BUTLR_TIMEOUT": "2s"])
        try await victim.seed()
        try victim.helper.cacheFolder.remove("")
        let name = try #require(try victim.helper.stateFolder.files().first { $0.hasSuffix(".lock") })
        let lock = try FileDescriptor(opening: victim.helper.stateFolder.path(name), O_RDWR)
        let program = try victim.helper.unprivileged(
            "sh", ["-c", "ulimit -u 0; exec \"$0\" get", victim.helper.executable])
        try #require(flock(lock.raw, LOCK_EX | LOCK_NB) == 0)
        let late = try await program.run()
        #expect(late.status == 75 && late.errorCode == "temporary-failure", "\(late)")
        try #require(flock(lock.raw, LOCK_UN) == 0)
        let served = try await program.run()
        #expect(served.output.contains(Victim.token), "\(served)")
    }

    // MARK: - Memory

    /// A helper that waits for its provider, with the secret in its memory.
    private func waiting(_ victim: Victim) async throws -> RunningProgram {
        let running = try victim.helper.unprivileged("token").start()
        try await victim.provider.waitForRequests(1)
        return running
    }

    @Test(
        .enabled("needs /proc") { Program.find("/bin/cat") != nil && access("/proc/self/environ", R_OK) == 0 }
    )
    func theUsersOtherProcessesCannotLookIntoIt() async throws {
        let victim = try Victim(reply: .hang)
        let running = try await waiting(victim)
        // The same of a program that hides nothing.
        let other = try victim.helper.unprivileged("/bin/sh", ["-c", "echo ready; read line"]).start(
            input: .open)
        #expect(try await other.readLine() == "ready")
        for file in ["environ", "mem", "maps"] {
            let look = { (process: pid_t) in
                try await victim.helper.unprivileged("/bin/sh", ["-c", "exec 3< /proc/\(process)/\(file)"])
                    .run()
            }
            #expect(try await look(other.processID).status == 0, "\(file)")
            let result = try await look(running.processID)
            #expect(result.status != 0, "\(file): \(result)")
            #expect(result.errors.contains("ermission denied"), "\(file): \(result)")
        }
        await running.kill()
        await other.kill()
    }

    @Test(.clients("python3")) func noCoreFileIsWritten() async throws {
        let victim = try Victim(reply: .hang)
        try victim.helper.home.makeFolder("crash")
        var program = victim.helper.client("python3", ["-c", dyingScript, victim.helper.executable, "token"])
        program.workingDirectory = victim.helper.home.path("crash")
        let running = try program.start(input: .open)
        try await victim.provider.waitForRequests(1)
        running.closeInput()
        let result = try await running.wait()
        if result.output.hasSuffix("control False\n") { try Test.cancel("there are no core files here") }
        #expect(result.output == "helper False\ncontrol True\n", "\(result)")
    }

    /// What `exec` runs is as it would be without the helper.
    @Test func whatExecRunsHidesNothing() async throws {
        let victim = try Victim()
        let script = "ulimit -c; ulimit -Hc; cat /proc/self/environ > /dev/null && echo readable"
        let without = try await victim.helper.unprivileged("/bin/sh", ["-c", script]).run()
        let with = try await victim.helper.unprivileged("exec", "--", "/bin/sh", "-c", script).run()
        #expect(with.output == without.output, "\(with)")
        #expect(with.status == 0)
    }

    /// The renewal in the background is the helper started anew, which finds itself all the same.
    @Test func renewingInTheBackgroundNeedsNoRoot() async throws {
        let victim = try Victim(
            "renew-ahead = on",
            reply: .json(#"{"access_token":"\#(Victim.token)","token_type":"Bearer","expires_in":4}"#))
        let deadline = ContinuousClock.now + .seconds(60)
        // Each call is a chance, because a slow machine may see the token expire instead; what the calls themselves
        // asked for is no renewal.
        var logins = 0
        while victim.provider.requests.count <= logins, ContinuousClock.now < deadline {
            let result = try await victim.helper.unprivileged("token", "--format", "json").run()
            #expect(result.output.contains(Victim.token), "\(result)")
            if !result.output.contains(#""source":"cache""#) { logins += 1 }
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(victim.provider.requests.count > logins)
    }

    /// It outlives the call, and must not keep open what the caller had open.
    @Test func renewingInTheBackgroundHoldsNothingOfTheCallers() async throws {
        try requireRoot()
        let gate = try Gate()
        let victim = try Victim("renew-ahead = on", reply: Victim.success) { index in
            if index > 0 { gate.wait() }
        }
        let home = victim.helper.home
        try await victim.seed()
        let file = victim.helper.cacheFolder.path(try #require(victim.helper.cacheFolder.files().first))
        guard case .object(var members) = try JSON(parsing: home.readBytes(file)) else { return }
        for index in members.indices {
            guard let moment = members[index].value.integer, moment > 1_000_000_000 else { continue }
            members[index].value = .number(Double(moment - 2_700_000))
        }
        try home.write(file, JSON.object(members).serialized)
        // When it was last renewed lies there.
        try home.remove(".local")

        let script = "exec 9> held; exec \"$0\" token"
        let result = try await victim.helper.client("/bin/sh", ["-c", script, victim.helper.executable]).run()
        #expect(result.output == Victim.token + "\n", "\(result)")
        try await victim.provider.waitForRequests(2)
        let open = try await victim.helper.client("/bin/sh", ["-c", "ls -l /proc/[0-9]*/fd 2> /dev/null"])
            .run()
        gate.open()
        #expect(!open.output.contains(home.path("held")), "\(open)")
    }

    /// Its open files are hidden too, but not what it is in the way of.
    @Test func doctorStillNamesWhoHoldsTheLock() async throws {
        let victim = try Victim(reply: .hang)
        let running = try await waiting(victim)
        let result = try await victim.helper.unprivileged("doctor").run()
        #expect(result.output.contains("process \(running.processID) (butlr-cred"), "\(result)")
        await running.kill()
    }
}

private let dyingScript = """
    import os, resource, signal, sys
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    def end(name, child):
        os.kill(child, signal.SIGABRT)
        _, status = os.waitpid(child, 0)
        print(name, os.WCOREDUMP(status), flush=True)
    helper = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
    sys.stdin.read()
    end("helper", helper)
    end("control", os.posix_spawn("/bin/sleep", ["sleep", "60"], os.environ))
    """
