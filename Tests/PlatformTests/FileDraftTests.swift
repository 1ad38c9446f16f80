import Platform
import TestSupport
import Testing

@Suite struct FileDraftTests {
    @Test func takesTheFilesPlaceAsAWhole() throws {
        let folder = try TemporaryFolder()
        try folder.write("file", "the old and longer contents", mode: 0o644)
        try FileDraft(of: folder.path("file")).commit(Array("new".utf8))
        #expect(try folder.read("file") == "new")
        #expect(try folder.mode("file") == 0o600)
        #expect(try folder.files() == ["file"])
    }

    @Test func leavesNothingWhenItIsGivenUp() throws {
        let folder = try TemporaryFolder()
        do {
            let draft = try FileDraft(of: folder.path("file"))
            #expect(try folder.files() == ["file.butlr-new"])
            _ = consume draft
        }
        #expect(try folder.files() == [])
        try folder.makeFolder("file/in-the-way")
        #expect(throws: SystemError.self) { try FileDraft(of: folder.path("file")).commit([]) }
        #expect(try folder.files() == [])
    }

    @Test func takesOverWhatADeadProcessLeft() throws {
        let folder = try TemporaryFolder()
        try folder.write("file.butlr-new", "half of something that was to be much longer")
        try FileDraft(of: folder.path("file")).commit(Array("whole".utf8))
        #expect(try folder.read("file") == "whole")
    }

    @Test func waitsForWhoeverIsWriting() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("file")
        let draft = try FileDraft(of: path)
        #expect(throws: SystemError(EWOULDBLOCK)) { _ = try FileDraft(of: path) }
        try draft.commit(Array("first".utf8))
        // Its own is not under the draft's name any more.
        try FileDraft(of: path).commit(Array("second".utf8))
        #expect(try folder.read("file") == "second")
    }

    @Test func writesIntoNothingThatSomebodyElsePutThere() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("file")
        try folder.write("elsewhere", "untouched")
        try folder.link("file.butlr-new", to: folder.path("elsewhere"))
        #expect(throws: SystemError(ELOOP)) { _ = try FileDraft(of: path) }
        try folder.remove("file.butlr-new")
        #expect(link(folder.path("elsewhere"), FileDraft.path(of: path)) == 0)
        #expect(throws: SystemError(EPERM)) { _ = try FileDraft(of: path) }
        try folder.remove("file.butlr-new")
        #expect(mkfifo(FileDraft.path(of: path), 0o600) == 0)
        #expect(throws: SystemError.self) { _ = try FileDraft(of: path) }
        #expect(try folder.read("elsewhere") == "untouched")
    }

    @Test func losesNothingToAnotherThread() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path("file")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try await onOwnThread {
                        for _ in 0..<20 {
                            try FileDraft(of: path).commit([UInt8](repeating: UInt8(number), count: 50_000))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let contents = try folder.readBytes("file")
        #expect(contents.count == 50_000)
        #expect(Set(contents).count == 1)
        #expect(try folder.files() == ["file"])
    }
}
