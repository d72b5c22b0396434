import HTTPTransport
import Policy
import Reactor

/// Whose unknown token is checked when. One per worker.
///
/// A check costs ten times what the rest of a request does. So only one is made where its request
/// is met, and only while nobody waits: the next connection joins a line, everybody whose token is
/// known is served first, and each turn of the loop ends with a few checks from the front of it.
///
/// What these checks let through goes upstream together, after the last of them: an upstream that
/// has fallen asleep is woken once for all instead of once after every check.
struct SignatureTurns {
    /// Signatures checked in one turn: what a known token may have to wait for in addition. One
    /// that was checked in vain ends the turn, so that of a flood it waits for one check.
    static let checksMax = 4
    /// Connections taken from the line in one turn; most need no check when another one has
    /// brought the same token.
    static let clientsMax = 64

    /// Requests held at once, so that the first does not wait for a long line of known tokens.
    static let heldMax = 8

    private var line: [SlotKey] = []
    private var first = 0
    private var checks = 0
    private var clients = 0
    /// Whether the client that is being served now was taken from the line for it.
    private var isServing = false
    /// Clients with something to send upstream.
    private var held: [SlotKey] = []
    private var firstHeld = 0
    private var isHolding = false

    var isEmpty: Bool { first == line.count }

    /// Whether the request that is being worked out now may have its signature checked.
    var isOpen: Bool { isServing || checks == 0 && isEmpty }

    mutating func join(_ key: SlotKey) { line.append(key) }

    /// A new turn of the loop.
    mutating func begin() {
        isServing = false
        checks = 0
        clients = 0
    }

    /// The next client whose turn it is; `nil` when the rest waits for another turn of the loop.
    mutating func next() -> SlotKey? {
        isServing = false
        guard first < line.count else {
            line.removeAll(keepingCapacity: true)
            first = 0
            return nil
        }
        guard checks < Self.checksMax, clients < Self.clientsMax else {
            forgetServed()
            return nil
        }
        isServing = true
        clients += 1
        first += 1
        return line[first - 1]
    }

    /// One request's check is made; the client's next one waits for another turn.
    mutating func use() {
        isServing = false
        checks += 1
    }

    /// A check was in vain: none is made before those are served whose token is known.
    mutating func close() { checks = Self.checksMax }

    // MARK: Together upstream

    /// From now on what clients send upstream is held.
    mutating func hold() { isHolding = true }

    /// Whether to hold what this client sends now.
    mutating func holds(_ key: SlotKey) -> Bool {
        guard isHolding else { return false }
        if held.last != key { held.append(key) }
        return true
    }

    var isFull: Bool { held.count >= Self.heldMax }

    /// Ends holding: the next client that was held; `nil` when there is no other.
    mutating func nextHeld() -> SlotKey? {
        isHolding = false
        guard firstHeld < held.count else {
            held.removeAll(keepingCapacity: true)
            firstHeld = 0
            return nil
        }
        firstHeld += 1
        return held[firstHeld - 1]
    }

    /// Keeps the line's memory in proportion to who stands in it.
    private mutating func forgetServed() {
        guard first >= 1_024, first * 2 >= line.count else { return }
        line.removeFirst(first)
        first = 0
    }
}

extension GatewayWorker {
    /// A request's token is unknown: its head stays where it is until the connection's turn.
    func joinLine(_ exchange: Exchange, _ connection: ServerConnection, _ key: SlotKey) {
        connection.exchange = nil
        retire(exchange)
        connection.awaitsTurn = true
        // The head is whole, but not yet answered; its deadline goes on.
        if connection.headSince == nil { connection.headSince = now }
        turns.join(key)
    }

    /// Serves the front of the line at the end of a turn.
    func advanceLine() {
        defer { turns.begin() }
        guard !turns.isEmpty else { return }
        while let key = turns.next() {
            guard clients.contains(key) else { continue }
            clients[key].awaitsTurn = false
            turns.hold()
            advanceClient(key)
            if turns.isFull { sendHeld() }
        }
        sendHeld()
    }

    private func sendHeld() {
        while let key = turns.nextHeld() {
            if clients.contains(key) { advanceClient(key) }
        }
    }

    /// What authentication needs to know about the connection and about now.
    func circumstances(_ exchange: Exchange, _ connection: ServerConnection) -> Circumstances {
        Circumstances(
            wall: wall.seconds, now: now.nanoseconds, peer: connection.peer,
            memo: memo(of: exchange.clientKey),
            directory: exchange.snapshot.map { view(for: $0) } ?? directoryView)
    }
}
