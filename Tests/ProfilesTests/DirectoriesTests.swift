import Platform
import Profiles
import Testing

/// XDG Base Directory Specification 0.8.
@Suite struct DirectoriesTests {
    @Test func defaultsLieBelowHome() {
        let directories = Directories(Environment(["HOME": "/home/ada"]))
        #expect(directories.configHome == "/home/ada/.config/butlr-credential")
        #expect(directories.cache == "/home/ada/.cache/butlr-credential")
        #expect(directories.state == "/home/ada/.local/state/butlr-credential")
        #expect(
            directories.configFiles
                == ["/home/ada/.config/butlr-credential/config", "/etc/xdg/butlr-credential/config"])
    }

    @Test func variablesWin() {
        let directories = Directories(
            Environment([
                "HOME": "/home/ada", "XDG_CONFIG_HOME": "/c/", "XDG_CACHE_HOME": "/k", "XDG_STATE_HOME": "/s",
                "XDG_CONFIG_DIRS": "/one:/two/",
            ]))
        #expect(directories.configHome == "/c/butlr-credential")
        #expect(directories.cache == "/k/butlr-credential")
        #expect(directories.state == "/s/butlr-credential")
        #expect(
            directories.configFiles
                == [
                    "/c/butlr-credential/config", "/one/butlr-credential/config",
                    "/two/butlr-credential/config",
                ])
    }

    @Test(arguments: ["", "relative", "./relative", "~/x"])
    func emptyAndRelativePathsAreIgnored(value: String) {
        let directories = Directories(
            Environment([
                "HOME": "/home/ada", "XDG_CONFIG_HOME": value, "XDG_CACHE_HOME": value,
                "XDG_STATE_HOME": value,
            ]))
        #expect(directories.configHome == "/home/ada/.config/butlr-credential")
        #expect(directories.cache == "/home/ada/.cache/butlr-credential")
        #expect(directories.state == "/home/ada/.local/state/butlr-credential")
    }

    @Test func relativeSystemFoldersAreIgnored() {
        func files(_ folders: String) -> [String] {
            Directories(Environment(["XDG_CONFIG_DIRS": folders])).configFiles
        }
        #expect(files("relative:/a::~/b") == ["/a/butlr-credential/config"])
        #expect(files("relative") == [])
        #expect(files("") == ["/etc/xdg/butlr-credential/config"])
        #expect(files("/a:/a/:/b") == ["/a/butlr-credential/config", "/b/butlr-credential/config"])
    }

    @Test(arguments: [[:], ["HOME": ""], ["HOME": "relative"]])
    func withoutHomeThereAreOnlySystemFiles(environment: [String: String]) {
        let directories = Directories(Environment(environment))
        #expect(directories.configHome == nil)
        #expect(directories.cache == nil)
        #expect(directories.state == nil)
        #expect(directories.configFiles == ["/etc/xdg/butlr-credential/config"])
        #expect(directories.expandingTilde("~/x") == nil)
        #expect(directories.expandingTilde("/x") == "/x")
    }

    @Test func theUsersFileIsNotReadTwice() {
        let directories = Directories(Environment(["HOME": "/h", "XDG_CONFIG_DIRS": "/h/.config:/etc"]))
        #expect(
            directories.configFiles == ["/h/.config/butlr-credential/config", "/etc/butlr-credential/config"])
    }

    @Test func tildeStandsForHome() {
        let directories = Directories(Environment(["HOME": "/home/ada/"]))
        #expect(directories.expandingTilde("~/x") == "/home/ada/x")
        #expect(directories.expandingTilde("~") == "/home/ada")
        #expect(directories.expandingTilde("~root/x") == "~root/x")
        #expect(directories.expandingTilde("a/~/x") == "a/~/x")
        #expect(Directories(Environment(["HOME": "/"])).expandingTilde("~/x") == "/x")
    }
}
