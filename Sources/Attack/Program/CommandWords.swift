/// A word that does not belong where it stands.
struct Misuse: Error {
    let message: String
}

/// The words of a command line, taken one by one.
struct CommandWords {
    private var rest: [String]

    init(_ words: [String]) { rest = words }

    /// Whether the flag was given; each counts once.
    mutating func flag(_ name: String) -> Bool {
        guard let place = rest.firstIndex(of: name) else { return false }
        rest.remove(at: place)
        return true
    }

    /// The value behind `--name` or `--name=`.
    mutating func option(_ name: String) throws(Misuse) -> String? {
        if let place = rest.firstIndex(where: { $0.hasPrefix(name + "=") }) {
            return String(rest.remove(at: place).dropFirst(name.count + 1))
        }
        guard let place = rest.firstIndex(of: name) else { return nil }
        guard place + 1 < rest.count else { throw Misuse(message: "\(name) needs a value") }
        let value = rest.remove(at: place + 1)
        rest.remove(at: place)
        return value
    }

    /// All values of an option that may be given more than once.
    mutating func options(_ name: String) throws(Misuse) -> [String] {
        var out: [String] = []
        while let value = try option(name) { out.append(value) }
        return out
    }

    /// A number in a range.
    mutating func number(
        _ name: String, in range: ClosedRange<Int>, else value: Int
    ) throws(Misuse) -> Int {
        guard let text = try option(name) else { return value }
        guard let number = Int(text), range.contains(number) else {
            throw Misuse(
                message: "\(name) takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A time such as `90s`, `10m` or `1h`, in seconds.
    mutating func seconds(_ name: String, else value: UInt64) throws(Misuse) -> UInt64 {
        guard let text = try option(name) else { return value }
        let factor: UInt64? =
            switch text.last {
            case "s": 1
            case "m": 60
            case "h": 3_600
            default: nil
            }
        guard let factor, let count = UInt64(text.dropLast()), (1...10_000).contains(count) else {
            throw Misuse(message: "\(name) takes a time, such as 90s or 10m")
        }
        return count * factor
    }

    func end() throws(Misuse) {
        guard let word = rest.first else { return }
        throw Misuse(message: "unexpected `\(word)`")
    }
}
