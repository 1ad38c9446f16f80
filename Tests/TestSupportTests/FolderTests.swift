import TestSupport
import Testing

@Suite struct FolderTests {
    @Test func isPrivateAndGoneAtTheEnd() throws {
        var folder: TemporaryFolder? = try TemporaryFolder()
        let path = try #require(folder?.path)
        let outside = Folder("/")
        #expect(try outside.mode(path) == 0o700)
        try folder?.write("a/b/c", "text", mode: 0o400)
        try folder?.makeFolder("locked")
        try folder?.write("locked/file", "text")
        try folder?.setMode("locked", 0)
        try folder?.link("elsewhere", to: "/tmp")
        folder = nil
        #expect(!outside.exists(path))
        #expect(outside.exists("/tmp"))
    }

    @Test func listsWhatItHolds() throws {
        let folder = try TemporaryFolder()
        #expect(try folder.folder("missing").list() == [])
        try folder.write("b/two", "2")
        try folder.write("b/.hidden", [0xFF, 0])
        try folder.write("a", "1")
        try folder.makeFolder("c")
        #expect(try folder.list() == ["a", "b/", "b/.hidden", "b/two", "c/"])
        #expect(try folder.files() == ["a", "b/.hidden", "b/two"])
        #expect(try folder.readBytes("b/.hidden") == [0xFF, 0])
        try folder.remove("b")
        #expect(try folder.list() == ["a", "c/"])
    }

    @Test(arguments: [0o600, 0o666, 0o755, 0o000] as [mode_t])
    func setsTheModeThatWasAskedFor(_ mode: mode_t) throws {
        let folder = try TemporaryFolder()
        try folder.write("file", "text", mode: mode)
        #expect(try folder.mode("file") == mode)
    }

    @Test func saysWhatIsMissing() throws {
        let folder = try TemporaryFolder()
        #expect(throws: SystemFailure("reading \(folder.path)/file", ENOENT)) { try folder.read("file") }
    }
}
