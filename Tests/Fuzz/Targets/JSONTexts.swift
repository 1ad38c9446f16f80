@testable import Callers
@testable import Platform

/// What is read as JSON is written so that it reads the same, on one line.
func fuzzJSON(_ input: [UInt8]) {
    guard let value = try? JSON(parsing: input) else { return }
    let text = value.serialized
    expect(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "control character in \(text)")
    guard let again = try? JSON(parsing: Array(text.utf8)) else { fatalError("does not read: \(text)") }
    expect(again == value, "\(value) became \(again)")
    expect(again.serialized == text, "\(text) became \(again.serialized)")
}

/// A request in the native protocol, and the same text in kubectl's.
func fuzzRequest(_ input: [UInt8]) {
    if let object = try? JSON(parsing: input), object.isObject {
        do throws(HelperError) {
            let request = try Get.request(object)
            expect((0...31_536_000).contains(request.minTTL ?? 0), "min_ttl \(request.minTTL ?? 0)")
        } catch {
            expectHarmless(error)
        }
    }
    let text = String(decoding: input.filter { $0 != 0 }, as: UTF8.self)
    do throws(HelperError) {
        let (version, _) = try Kubernetes.request(Environment(["KUBERNETES_EXEC_INFO": text]))
        expect(version.hasPrefix("client.authentication.k8s.io/v1"), version)
    } catch {
        expectHarmless(error)
    }
}
