import HTTP1

/// What a parser made of some bytes.
enum Outcome: Equatable, CustomStringConvertible {
    case incomplete
    case complete(Int)
    case violation(HTTPViolation)

    var description: String {
        switch self {
        case .incomplete: "incomplete"
        case .complete(let length): "complete(\(length))"
        case .violation(let violation): "\(violation.status) \(violation.code)"
        }
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The bytes of `text` with one byte per scalar below U+0100, so that `\u{ff}` is 0xff.
func latin(_ text: String) -> [UInt8] {
    text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
}

func text(_ bytes: Span<UInt8>) -> String {
    var result = ""
    for index in bytes.indices { result.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
    return result
}

/// Short enough for a failure message, with nothing unprintable.
func shown(_ bytes: [UInt8]) -> String {
    let text = bytes.prefix(160).map { byte -> String in
        switch byte {
        case 0x0d: "\\r"
        case 0x0a: "\\n"
        case 0x20..<0x7f: String(UnicodeScalar(byte))
        default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return text.joined() + (bytes.count > 160 ? "… (\(bytes.count))" : "")
}

extension RequestHead {
    mutating func outcome(_ bytes: [UInt8], limits: HeadLimits = .request) -> Outcome {
        do throws(HTTPViolation) {
            switch try parse(bytes.span, limits: limits) {
            case .incomplete: return .incomplete
            case .complete(let length): return .complete(length)
            }
        } catch { return .violation(error) }
    }

    /// Everything the head says, for comparing two of them.
    func summary(_ bytes: [UInt8]) -> String {
        func part(_ slice: Slice?) -> String { slice.map { text(bytes.span[$0]) } ?? "-" }
        var lines = [
            "\(method) \(part(methodName)) \(target.form) \(part(target.whole))",
            "\(String(describing: target.scheme)) \(part(target.authority)) \(part(target.path))"
                + " \(part(target.query))",
            "\(version) \(part(authority)) \(framing) \(keepAlive) \(expectsContinue) \(upgrade)",
        ]
        lines += fieldLines(bytes)
        return lines.joined(separator: "\n")
    }

    func fieldLines(_ bytes: [UInt8]) -> [String] { fields.lines(bytes) }
}

extension ResponseHead {
    mutating func outcome(
        _ bytes: [UInt8], limits: HeadLimits = .response, answering method: KnownMethod = .get
    ) -> Outcome {
        do throws(HTTPViolation) {
            switch try parse(bytes.span, limits: limits, answering: method) {
            case .incomplete: return .incomplete
            case .complete(let length): return .complete(length)
            }
        } catch { return .violation(error) }
    }

    func summary(_ bytes: [UInt8]) -> String {
        let first = "\(status) \(text(bytes.span[reason])) \(version) \(framing) \(keepAlive)"
        return ([first] + fields.lines(bytes)).joined(separator: "\n")
    }
}

extension FieldTable {
    func lines(_ bytes: [UInt8]) -> [String] {
        (0..<count).map { index in
            let field = self[index]
            let name = text(bytes.span[field.name])
            let value = text(bytes.span[field.value])
            return "\(name): \(value) [\(field.known) \(field.isHopByHop ? "hop" : "end")]"
        }
    }
}

/// The outcome of a request head on its own, with default limits.
func request(_ bytes: [UInt8], limits: HeadLimits = .request) -> Outcome {
    var head = RequestHead()
    return head.outcome(bytes, limits: limits)
}

func request(_ text: String, limits: HeadLimits = .request) -> Outcome {
    request(bytes(text), limits: limits)
}

/// What is answered when the bytes arrive one by one: the first outcome that is not `incomplete`.
/// With `gated`, only where `HeadGate` opens.
func drip(
    _ bytes: [UInt8], gated: Bool = false, limits: HeadLimits = .request
) -> (outcome: Outcome, at: Int, parses: Int) {
    var head = RequestHead()
    var known = 0
    var parses = 0
    for end in 0...bytes.count {
        let prefix = Array(bytes[0..<end])
        if gated {
            let opens = HeadGate.opens(prefix.span, known: known, limits: limits)
            known = end
            if !opens { continue }
        }
        parses += 1
        let outcome = head.outcome(prefix, limits: limits)
        if outcome != .incomplete { return (outcome, end, parses) }
    }
    return (.incomplete, bytes.count, parses)
}

/// A small generator with a printed seed, so that a failing random test runs again.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// The seed from `RINGFENCE_SEED`, else a new one; printed either way.
    static func announced(_ test: String) -> SplitMix64 {
        let seed = seedFromEnvironment() ?? UInt64.random(in: .min ... .max)
        print("\(test): RINGFENCE_SEED=\(seed)")
        return SplitMix64(seed: seed)
    }
}
