/// `name` as an identifier, whatever it holds.
func quoted(_ name: String) -> String {
    var text = "\""
    for character in name.unicodeScalars {
        text.unicodeScalars.append(character)
        if character == "\"" { text.unicodeScalars.append(character) }
    }
    return text + "\""
}

/// `value` as a string literal, whatever it holds.
func literal(_ value: String) -> String {
    var text = "'"
    for character in value.unicodeScalars {
        text.unicodeScalars.append(character)
        if character == "'" { text.unicodeScalars.append(character) }
    }
    // A backslash is one by itself only where the server says so; this form says it here.
    guard value.utf8.contains(0x5C) else { return text + "'" }
    return "E"
        + text.split(separator: "\\", omittingEmptySubsequences: false)
        .joined(separator: "\\\\") + "'"
}

/// A PostgreSQL array as a parameter.
func arrayText(_ values: [String]) -> String {
    let parts = values.map { value in
        var text = "\""
        for character in value.unicodeScalars {
            if character == "\"" || character == "\\" { text += "\\" }
            text.unicodeScalars.append(character)
        }
        return text + "\""
    }
    return "{\(parts.joined(separator: ","))}"
}
