import Platform

@testable import Profiles

/// A config file of anybody's: read whole, with every profile in it built.
func fuzzConfig(_ input: [UInt8]) {
    let environment = Environment(["HOME": "/nowhere"])
    do throws(HelperError) {
        let configuration = try read(input, environment)
        for error in configuration.check() { expectHarmless(error) }
        _ = configuration.secretVariables
        for name in configuration.profileNames { _ = try configuration.profile(named: name) }
        // A file without a profile that lists it must not give a token to it.
        if let url = RequestedURL("https://fuzz.example/x") {
            let profile = try configuration.profile(serving: url, named: nil)
            expect(profile.urls.contains { $0.matches(url) != nil }, "\(profile.name) does not list \(url)")
        }
    } catch {
        expectHarmless(error)
    }
}

/// A key, a name and a value, a line each, and behind them a config file in which that is set: it is what is read then,
/// and the other profiles are as before.
func fuzzConfigEditor(_ input: [UInt8]) {
    let parts = input.split(separator: 0x0A, maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, let first = parts[0].first,
        let name = String(validating: parts[1], as: UTF8.self),
        let value = String(validating: parts[2], as: UTF8.self),
        // Neither can stand in git's syntax.
        !parts[1].contains(0), !parts[2].contains(0)
    else { return }
    let key = ConfigKey.allCases[Int(first) % ConfigKey.allCases.count]
    let text = Array(parts[3])
    // A second line of the key must go, and a second value be added.
    let values = parts[0].count.isMultiple(of: 2) ? [value, value + "2"] : [value]
    var editor = ConfigEditor(text)
    do throws(HelperError) {
        let before = try settings(in: text)
        try editor.set(key, values, in: name)
        let after = try settings(in: editor.contents)
        let wanted = after[name, default: []].filter { $0.key == key.name }.map(\.value)
        expect(wanted == values, "\(key.name) of \(name) is \(wanted), not \(values)")
        for (profile, lines) in before {
            let isOther = { (line: Setting) in profile != name || line.key != key.name }
            expect(
                after[profile, default: []].filter(isOther) == lines.filter(isOther),
                "\(profile) had \(lines), has \(after[profile] ?? [])")
        }
        // Once more changes nothing.
        let contents = editor.contents
        try editor.set(key, values, in: name)
        expect(editor.contents == contents, "set twice is not set once")
    } catch {
        expectHarmless(error)
    }
}

private struct Setting: Equatable {
    var key: String
    var value: String?
}

/// Every line of every profile, read with nothing but the scanner.
private func settings(in text: [UInt8]) throws(HelperError) -> [String: [Setting]] {
    let result: Result<[String: [Setting]], HelperError> = text.withUnsafeBytes { bytes in
        var scanner = ConfigScanner(bytes)
        var settings: [String: [Setting]] = [:]
        var profile: String?
        do throws(ConfigFault) {
            while let item = try scanner.next() {
                switch item {
                case .section(let header): profile = name(of: header, in: bytes)
                case .entry(let entry):
                    guard let profile else { continue }
                    settings[profile, default: []].append(
                        Setting(
                            key: String(decoding: bytes[entry.name], as: UTF8.self).lowercased(),
                            value: entry.value.map {
                                String(decoding: $0.decoded(from: bytes), as: UTF8.self)
                            }))
                }
            }
            return .success(settings)
        } catch {
            return .failure(HelperError(.config, "line \(error.line): \(error.text)"))
        }
    }
    return try result.get()
}

private func name(of header: ConfigScanner.Section, in bytes: UnsafeRawBufferPointer) -> String? {
    let base = String(decoding: bytes[header.base], as: UTF8.self).lowercased()
    if let subsection = header.subsection {
        guard base == "profile" else { return nil }
        return String(
            decoding: ConfigScanner.Section.decodedSubsection(subsection, from: bytes), as: UTF8.self)
    }
    return base.hasPrefix("profile.") && base != "profile." ? String(base.dropFirst("profile.".count)) : nil
}

/// One file in memory, used for every input and gone with the process.
private let file: FileDescriptor = {
    let path = "/dev/shm/butlr-fuzz-\(getpid())"
    defer { unlink(path) }
    return try! FileDescriptor(opening: path, O_RDWR | O_CREAT | O_TRUNC)
}()

private func read(_ text: [UInt8], _ environment: Environment) throws(HelperError) -> Configuration {
    ftruncate(file.raw, 0)
    lseek(file.raw, 0, SEEK_SET)
    try! file.writeAll(text)
    return try Configuration(
        environment: environment,
        directories: Directories(environment, configFile: "/proc/self/fd/\(file.raw)"))
}
