import Broker
import Platform

/// One command, which a tool or a person gives: how it is called, answered and refused.
public protocol Command: SendableMetatype {
    /// The word that stands for it on the command line.
    static var name: String { get }

    /// The name of a program that is this command, whatever its arguments.
    static var program: String? { get }

    /// How `help` and completion describe it. Made only for them, and for somebody who calls it wrongly.
    static var manual: Manual { get }

    /// Whether the tool reads standard error as part of the answer, so that, unless it is a terminal, nothing may be
    /// there: no warning, and not what `BUTLR_LOG` asks for.
    static var isSilent: Bool { get }

    /// Whether a person may be watching standard error, and is told there what takes long.
    static var showsWaiting: Bool { get }

    /// How long standard input may take where `BUTLR_TIMEOUT` does not say.
    static var inputTimeout: Milliseconds { get }

    /// Reads the request and gives the answer.
    static func answer(_ call: Call) throws(HelperError) -> Reply

    /// The tool's own way to hear that there is no answer.
    static func refusal(_ error: HelperError, _ call: Call) -> Reply
}

extension Command {
    public static var program: String? { nil }
    public static var isSilent: Bool { false }
    public static var showsWaiting: Bool { false }
    public static var inputTimeout: Milliseconds { Get.timeout }

    /// The native refusal: the reason on standard error, and its status.
    public static func refusal(_ error: HelperError, _ call: Call) -> Reply { Reply(failure: error) }

    /// Answers, or refuses.
    public static func reply(to call: Call) -> Reply {
        do throws(HelperError) {
            return try answer(call)
        } catch {
            return refusal(error, call)
        }
    }
}

/// How a command is called.
public struct Manual: Sendable {
    public struct Option: Sendable {
        public let name: String
        /// What the value is called; `nil` when there is none.
        public let value: String?
        public let summary: String

        public init(_ name: String, _ value: String? = nil, _ summary: String) {
            self.name = name
            self.value = value
            self.summary = summary
        }
    }

    /// What follows the command.
    public let operands: String
    /// The words that may stand for the operand, where `operands` does not list them.
    public let choices: [String]
    public let summary: String
    public let options: [Option]
    /// What is read from standard input, for a person who waits at a terminal.
    public let input: String?
    /// What else there is to say, a paragraph each.
    public let details: [String]

    public init(
        operands: String = "", choices: [String] = [], summary: String, options: [Option] = [],
        input: String? = nil, details: [String] = []
    ) {
        self.operands = operands
        self.choices = choices
        self.summary = summary
        self.options = options
        self.input = input
        self.details = details
    }
}

extension Manual {
    /// The options that every command has, before it or after it.
    public static let commonOptions: [Option] = [
        .init("--profile", "NAME", "the profile to use (BUTLR_PROFILE)"),
        .init("--config", "FILE", "the config file to read (BUTLR_CONFIG)"),
        .init("--verbose", nil, "say on standard error what is done (BUTLR_LOG=debug)"),
        .init("--no-input", nil, "never ask a person for anything (BUTLR_NO_INPUT)"),
    ]
}

/// What a caller gets back.
public struct Reply: Equatable, Sendable {
    public var output: String
    public var errors: String
    public var status: Int32

    public init(output: String = "", errors: String = "", status: Int32 = 0) {
        self.output = output
        self.errors = errors
        self.status = status
    }

    public init(failure: HelperError) {
        self.init(errors: failure.text, status: failure.code.exitStatus)
    }
}

/// One call by a tool.
public struct Call: Sendable {
    /// What followed the command, without the options that every command has.
    public let arguments: [String]
    /// The helper's own version.
    public let version: String
    public let context: Context
    public let broker: Broker
    public let input: StandardInput

    public init(
        arguments: [String], version: String, context: Context, broker: Broker, input: StandardInput
    ) {
        self.arguments = arguments
        self.version = version
        self.context = context
        self.broker = broker
        self.input = input
    }

    /// Sends a part of the answer at once, to a tool that holds a conversation.
    func send(_ text: String) throws(HelperError) {
        do {
            try writeAll(STDOUT_FILENO, Array(text.utf8))
        } catch {
            throw HelperError(.ioError, "the answer cannot be written: \(error)")
        }
    }
}
