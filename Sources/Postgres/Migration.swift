/// One numbered step of the schema. Once applied anywhere it never changes; the next need is the
/// next number.
public struct Migration: Sendable {
    /// 1 or more, ascending; gaps are allowed.
    public let number: Int
    public let name: String
    /// Statements separated by semicolons. They run in one transaction of their own, so transaction
    /// control and `CREATE INDEX CONCURRENTLY` do not belong here,
    /// and every name is schema-qualified: sessions search `pg_catalog` only.
    public let script: String

    public init(number: Int, name: String, script: String) {
        self.number = number
        self.name = name
        self.script = script
    }
}

/// Why the schema could not be brought up to date.
public enum MigrationFault: Error, Equatable, Sendable {
    /// The list given is empty of order: numbers must be 1 or more and ascend.
    case notAscending(number: Int)
    /// The script applied under this number is not the one given.
    case edited(number: Int)
    /// The database knows a number the list does not: a newer program was here.
    case unknownApplied(number: Int)
    /// The list brings a number below one already applied.
    case outOfOrder(number: Int)
    /// The script ended its own transaction.
    case endedTransaction(number: Int)
    /// A script failed; nothing of it remains.
    case failed(number: Int, DatabaseFault)
    /// The database failed outside any script.
    case database(DatabaseFault)
}
