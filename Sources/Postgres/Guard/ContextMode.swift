/// What the database believes the transaction's tenant to be, and why it believes it.
public enum ContextMode: String, CaseIterable, Sendable {
    /// A seal is verified once a transaction; the result lies where the login cannot write.
    case sealed
    /// A seal is verified for each statement: where no superuser grants what `sealed` needs.
    case statement
    /// The settings `app.current_tenant` and `app.current_vendor`, which any SQL can write.
    case plain
}
