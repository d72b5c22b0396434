/// What a handler made of its transaction.
enum Outcome: Sendable {
    case answered(Answer)
    /// The request was understood and refused; what the handler wrote stays written unless it
    /// rolled back itself.
    case rejected(Rejection)
    /// Another transaction came between two statements; the whole is run again.
    case overtaken
}
