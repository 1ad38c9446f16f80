import Platform

/// A command's own options, `--name VALUE` or `--name=VALUE`, and what stands among them.
public struct Options {
    private struct Given {
        var name: String
        var value: String
    }

    private var given: [Given] = []
    /// What stands among the options.
    public private(set) var operands: [String] = []
    private let command: String

    /// - Throws: `usage` for an option that the command's manual does not have, or that lacks its value.
    public init(_ arguments: [String], of command: any Command.Type) throws(HelperError) {
        try self.init(arguments, of: command.name) { command.manual.options }
    }

    /// - Parameter known: the options that there are, asked for where one is given.
    init(
        _ arguments: [String], of command: String, known: () -> [Manual.Option]
    ) throws(HelperError) {
        self.command = command
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                operands.append(contentsOf: rest)
                return
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                operands.append(argument)
                continue
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            let known = known()
            guard let option = known.first(where: { $0.name == name }) else {
                let nearest = nearestWord(
                    to: name, among: (known + Manual.commonOptions).map(\.name))
                throw HelperError(
                    .usage, "\(command) has no option \(quoted(name))",
                    hint: nearest.map { "did you mean \($0)?" } ?? "type: butlr-credential help \(command)")
            }
            let attached = parts.count == 2 ? String(parts[1]) : nil
            if option.value == nil {
                guard attached == nil else { throw HelperError(.usage, "\(name) takes no value") }
                given.append(Given(name: name, value: ""))
            } else if let value = attached ?? rest.popFirst() {
                given.append(Given(name: name, value: value))
            } else {
                throw HelperError(.usage, "\(name) needs a value: \(option.value!)")
            }
        }
    }

    /// The value of an option, the empty text for one without; the last one given counts.
    public subscript(name: String) -> String? { given.last { $0.name == name }?.value }

    /// Every value of an option, in the order in which they were given.
    public func values(of name: String) -> [String] { given.filter { $0.name == name }.map(\.value) }

    /// The options that were given, in their order.
    public var names: [String] { given.map(\.name) }

    /// - Throws: `usage` where something stands among the options.
    public func refuseOperands() throws(HelperError) {
        if let operand = operands.first {
            throw HelperError(
                .usage, "\(command) does not take \"\(quoted(operand))\"",
                hint: "type: butlr-credential help \(command)")
        }
    }
}
