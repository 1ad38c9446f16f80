import Platform
import Testing

@testable import Profiles

private let text = "[profile \"default\"]\nclient-id = a\nclient-secret = env:A\n"

@Suite struct ConfigFileAccessTests {
    private let folder = TemporaryFolder()

    private func read(_ file: String) throws(HelperError) -> Configuration {
        let environment = Environment([:])
        return try Configuration(
            environment: environment, directories: Directories(environment, configFile: file))
    }

    @Test(arguments: [0o600, 0o400, 0o640, 0o644, 0o755] as [mode_t])
    func readableByOthersIsFine(mode: mode_t) throws {
        let file = folder.write("config", text, mode: mode)
        #expect(try read(file).profileNames == ["default"])
    }

    @Test(arguments: [0o620, 0o602, 0o666, 0o664] as [mode_t])
    func writableByOthersIsRefused(mode: mode_t) {
        let file = folder.write("config", text, mode: mode)
        let error = failure { () throws(HelperError) in try read(file) }
        #expect(error?.code == .config)
        #expect(error?.message.contains("others may write the config file") == true)
        #expect(error?.hint == "chmod go-w \(file)")
    }

    @Test(arguments: [0o720, 0o702, 0o777] as [mode_t])
    func aFolderWritableByOthersIsRefused(mode: mode_t) {
        let file = folder.write("sub dir/config", text)
        chmod(folder.path + "/sub dir", mode)
        let error = failure { () throws(HelperError) in try read(file) }
        #expect(error?.code == .config)
        #expect(error?.hint == "chmod go-w '\(folder.path)/sub dir'")
    }

    @Test func aStickyFolderIsFine() throws {
        let file = folder.write("sub/config", text)
        chmod(folder.path + "/sub", 0o1777)
        #expect(try read(file).profileNames == ["default"])
    }

    @Test func behindALinkTheRealFolderCounts() throws {
        let file = folder.write("real/config", text)
        symlink(file, folder.path + "/config")
        #expect(try read(folder.path + "/config").profileNames == ["default"])
        chmod(folder.path + "/real", 0o777)
        let error = failure { () throws(HelperError) in try read(folder.path + "/config") }
        #expect(error?.hint == "chmod go-w \(folder.path)/real")
        chmod(folder.path + "/real", 0o700)
        chmod(folder.path, 0o777)
        let link = failure { () throws(HelperError) in try read(folder.path + "/config") }
        #expect(link?.hint == "chmod go-w \(folder.path)")
        chmod(folder.path, 0o700)
    }

    @Test(.enabled(if: geteuid() == 0)) func anotherUsersFileOrFolderIsRefused() {
        let file = folder.write("sub/config", text)
        chown(file, 12345, 12345)
        let error = failure { () throws(HelperError) in try read(file) }
        #expect(error?.message.contains("belongs to another user") == true)
        #expect(error?.hint == "if you trust what it says: chown 0 \(file)")
        chown(file, 0, 0)
        chown(folder.path + "/sub", 12345, 12345)
        let other = failure { () throws(HelperError) in try read(file) }
        #expect(other?.message.contains("belongs to another user") == true)
        #expect(other?.hint == "if you trust what is in it: chown 0 \(folder.path)/sub")
        chmod(folder.path + "/sub", 0o1777)
        #expect(failure { () throws(HelperError) in try read(file) }?.code == .config)
    }

    @Test func whatIsNoRegularFileIsRefused() {
        mkfifo(folder.path + "/pipe", 0o600)
        mkdir(folder.path + "/dir", 0o700)
        symlink("/dev/zero", folder.path + "/device")
        for name in ["pipe", "dir", "device"] {
            let error = failure { () throws(HelperError) in try read(folder.path + "/" + name) }
            #expect(error?.code == .config)
            #expect(error?.message.contains("not a regular file") == true, "\(error?.message ?? "")")
        }
    }

    @Test func brokenAndCircularLinksAreErrors() {
        symlink("nowhere", folder.path + "/broken")
        symlink("circle", folder.path + "/circle")
        for name in ["broken", "circle"] {
            let error = failure { () throws(HelperError) in try read(folder.path + "/" + name) }
            #expect(error?.code == .config)
        }
    }

    @Test func filesThatAreTooLargeAreRefused() {
        let file = folder.write("config", text)
        truncate(file, off_t(ConfigFile.limit) + 1)
        let error = failure { () throws(HelperError) in try read(file) }
        #expect(error?.code == .config)
        #expect(error?.message.contains("too large") == true, "\(error?.message ?? "")")
    }

    /// Root may read everything, so only others can see this.
    @Test(.enabled(if: geteuid() != 0)) func outOfReachMattersForTheUsersOwnFile() throws {
        let own = folder.write("own/butlr-credential/config", text, mode: 0)
        folder.write("system/butlr-credential/config", text, mode: 0)
        folder.write("readable/butlr-credential/config", text, mode: 0o644)
        let skipping = Environment([
            "XDG_CONFIG_HOME": folder.path + "/none",
            "XDG_CONFIG_DIRS": folder.path + "/system:" + folder.path + "/readable",
        ])
        let configuration = try Configuration(
            environment: skipping, directories: Directories(skipping))
        #expect(configuration.files == [folder.path + "/readable/butlr-credential/config"])
        let failing = Environment(["XDG_CONFIG_HOME": folder.path + "/own"])
        let error = failure { () throws(HelperError) in
            try Configuration(environment: failing, directories: Directories(failing))
        }
        #expect(error?.code == .config)
        #expect(error?.message.contains(own) == true)
        #expect(failure { () throws(HelperError) in try read(own) }?.code == .config)
    }

    @Test(arguments: [0o600, 0o400, 0o700] as [mode_t])
    func plainSecretsAreFineInAPrivateFile(mode: mode_t) throws {
        let plain = text + "client-secret = plain:hidden\n"
        let file = folder.write("config", plain, mode: mode)
        #expect(try read(file).profile(named: nil).clientSecret.last == .plain(Secret("hidden")))
    }

    @Test(arguments: [0o640, 0o604, 0o610] as [mode_t])
    func plainSecretsAreRefusedWhereOthersMayRead(mode: mode_t) throws {
        let file = folder.write("config", text + "client-secret = plain:hidden\n", mode: mode)
        let configuration = try read(file)
        let error = failure { () throws(HelperError) in try configuration.profile(named: nil) }
        #expect(error?.code == .config)
        #expect(error?.message.contains(":4: client-secret holds a secret") == true)
        #expect(error?.hint == "chmod 600 \(file)")
        #expect(error?.message.contains("hidden") == false)
    }

    @Test(arguments: [
        ("/a/b", "/a"), ("/a", "/"), ("a", "."), ("a/b", "a"), ("./a", "."),
    ])
    func foldersOfPaths(path: String, expected: String) {
        #expect(Platform.folder(of: path) == expected)
    }

    @Test(arguments: [
        ("/a/b-c.d_e:1", "/a/b-c.d_e:1"), ("a b", "'a b'"), ("", "''"), ("it's", "'it'\\''s'"),
        ("$x", "'$x'"),
        // To Swift this is one character, to the shell a quote and something more.
        ("'\u{301};x", "''\\''\u{301};x'"),
    ])
    func wordsForTheShell(word: String, expected: String) {
        #expect(shellWord(word) == expected)
    }
}
