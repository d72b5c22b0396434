/// The server's name of a statement that one login has announced, as C reads it.
struct PreparedName {
    private let characters: ContiguousArray<CChar>

    /// A new number each time: a name that the server refused once is never used again.
    init(number: Int) { characters = "s\(number)".utf8CString }

    /// - Safety: the pointer is valid only while `body` runs.
    @unsafe func withCString<Value>(_ body: (UnsafePointer<CChar>) -> Value) -> Value {
        unsafe characters.withUnsafeBufferPointer { buffer in
            guard let first = buffer.baseAddress else {
                preconditionFailure("a name has at least its NUL")
            }
            return unsafe body(first)
        }
    }
}

/// Which statements one login knows. There are some dozens at most, found by comparing addresses:
/// that is cheaper than hashing them for every message.
struct PreparedNames {
    private struct Entry {
        let identity: UInt
        let name: PreparedName
        var isProven = false
    }

    private var entries: [Entry] = []
    private var namesGiven = 0
    private var unproven = 0

    subscript(statement: Statement) -> PreparedName? {
        let identity = statement.identity
        for index in entries.indices where entries[index].identity == identity {
            return entries[index].name
        }
        return nil
    }

    /// Names a statement that has none; it is forgotten again unless the server accepts it.
    mutating func announce(_ statement: Statement) -> PreparedName {
        namesGiven += 1
        let name = PreparedName(number: namesGiven)
        entries.append(Entry(identity: statement.identity, name: name))
        unproven += 1
        return name
    }

    mutating func prove(_ identity: UInt) {
        for index in entries.indices
        where entries[index].identity == identity && !entries[index].isProven {
            entries[index].isProven = true
            unproven -= 1
        }
    }

    /// A statement whose announcement was skipped or refused is announced again next time.
    mutating func forgetUnproven() {
        guard unproven > 0 else { return }
        entries.removeAll { !$0.isProven }
        unproven = 0
    }

    /// For a new login, which knows none; numbers go on.
    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        unproven = 0
    }
}
