/// The plan as people read it, and as psql runs it.
extension ProtectPlan {
    /// A script for `psql -v ON_ERROR_STOP=1`: each step commits by itself, and the script may be
    /// made anew and run again after any stop.
    public func script(_ options: ProtectOptions) -> String {
        var text = ""
        for refusal in refusals { text += "-- refused: \(refusal)\n" }
        guard refusals.isEmpty else { return text }
        text += Self.comment(
            "Brings \(tables.joined(separator: ", ")) under the guard, in mode "
                + "\(mode.rawValue), up to stage \(options.stage.rawValue). Run it outside "
                + "a transaction, as the owner of the tables. After a stop, make it anew: what is "
                + "done is left out.", lead: "--")
        if steps.isEmpty { text += "-- Nothing is left to do.\n" }
        for (index, step) in steps.enumerated() {
            let place = "\(index + 1) of \(steps.count) (\(step.stage.rawValue))"
            text += "\n" + Self.comment("\(place): \(step.title)", lead: "--")
            text += Self.comment("takes \(step.lock)")
            for note in step.notes { text += Self.comment(note) }
            text += "SET lock_timeout = \(step.wait.milliseconds(options));\n"
            text += step.sql + ";\n"
        }
        if !steps.isEmpty { text += "\nRESET lock_timeout;\n" }
        if !remaining.isEmpty { text += "\n-- What is left for you:\n" }
        for words in remaining { text += Self.comment(words, lead: "-- *") }
        return text
    }

    /// - Parameter lead: of the first line; the others are set in.
    private static func comment(_ words: String, lead: String = "--  ") -> String {
        var text = ""
        var line = lead
        for word in words.split(whereSeparator: \.isWhitespace) {
            if line.count + word.count + 1 > 100 {
                text += line + "\n"
                line = "--  "
            }
            line += " " + word
        }
        return text + line + "\n"
    }
}

extension ProtectStep.Wait {
    /// For `lock_timeout`; 0 waits without end.
    func milliseconds(_ options: ProtectOptions) -> Int {
        switch self {
        case .short: options.lockTimeoutMilliseconds
        case .patient: 0
        }
    }
}
