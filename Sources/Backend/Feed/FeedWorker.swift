import HTTPTransport
import Policy
import Postgres
import Reactor

/// Reads the feed for gateways, on one thread with one login of the runtime role. Each vendor's
/// part is read in a transaction of that vendor, like everything a vendor asks for: there is no
/// statement that sees more.
///
/// It holds questions that find nothing new and looks again every `lookMilliseconds` while there
/// are some, whoever else asks meanwhile. After a page that is not the last it reads the next one,
/// if nobody else waits: a gateway takes a page in about the time that reading one takes.
struct FeedWorker: ~Copyable {
    static let lookMilliseconds: UInt64 = 100
    /// Reading one page.
    private static let deadlineMilliseconds = 4_000
    /// Counting what a gateway has to make room for: in larger databases it is not told.
    private static let sizesMilliseconds = 2_000

    private var connection: Connection
    private let queue: WorkQueue<FeedJob>
    private let replies: Mailbox<(SlotKey, ServiceReply)>
    private let state: ServerState
    private var held: [FeedJob] = []
    private let keepSeconds: Int
    /// When each vendor's void rows are looked for again.
    private var cleanAgain: [VendorScope: Monotonic] = [:]
    /// Between two looks for void rows of a vendor, at the most and where some were left.
    private static let cleanSeconds = 3_600
    private static let cleanMoreMilliseconds: UInt64 = 1_000
    /// Vendors whose time is remembered.
    private static let vendorsCleanedMax = 4_096
    private var ahead: FeedAhead?

    /// - Parameter keepSeconds: how long void keys and tokens are kept.
    init(
        database: ConnectionString, context: ContextMode, keepSeconds: Int,
        queue: WorkQueue<FeedJob>,
        replies: Mailbox<(SlotKey, ServiceReply)>, state: ServerState
    ) {
        connection = Connection(to: database, context: context)
        self.queue = queue
        self.replies = replies
        self.state = state
        self.keepSeconds = keepSeconds
    }

    /// Works until the queue is closed and empty.
    mutating func run() {
        var look = Monotonic.now()
        while true {
            let until = held.isEmpty ? nil : look
            if let job = queue.take(until: until) {
                if !answer(job) {
                    if held.isEmpty { look = Self.nextLook }
                    held.append(job)
                }
                clean(job.question)
                readAhead()
            } else if until.map({ Monotonic.now() < $0 }) ?? true {
                return
            }
            // Also while somebody asks without a pause, as a gateway that reads everything does.
            if !held.isEmpty, Monotonic.now() >= look {
                lookAgain()
                look = Self.nextLook
            }
        }
    }

    /// Deletes what has been void for long enough, of the vendors a gateway asks about: its seals
    /// are what the database goes by, so there is no other moment to do it at.
    private mutating func clean(_ question: FeedQuestion) {
        guard state.isSchemaFit else { return }
        for part in question.parts {
            let now = Monotonic.now()
            if let next = cleanAgain[part.scope], now < next { continue }
            if cleanAgain.count >= Self.vendorsCleanedMax { cleanAgain.removeAll() }
            let rest = UInt64(min(keepSeconds, Self.cleanSeconds)) * 1_000
            cleanAgain[part.scope] = now.advanced(byMilliseconds: rest)
            do throws(DatabaseFault) {
                guard try forget(of: part.scope) else { continue }
                cleanAgain[part.scope] = now.advanced(byMilliseconds: Self.cleanMoreMilliseconds)
            } catch {
                // What is void stays a while longer. Whatever is wrong with the database, the next
                // answer says.
                continue
            }
        }
    }

    private mutating func forget(of vendor: VendorScope) throws(DatabaseFault) -> Bool {
        let keepSeconds = keepSeconds
        return try connection.withTransaction(
            forVendor: vendor,
            deadline: Deadline.after(milliseconds: Self.deadlineMilliseconds)
        ) { transaction throws(DatabaseFault) -> Bool in
            try transaction.forget(afterSeconds: keepSeconds)
        }
    }

    private static var nextLook: Monotonic {
        Monotonic.now().advanced(byMilliseconds: lookMilliseconds)
    }

    /// Each vendor's head is read once, however many gateways wait for it.
    private mutating func lookAgain() {
        var heads: [VendorScope: Int64] = [:]
        var still: [FeedJob] = []
        for job in held {
            let hasNews = Monotonic.now() >= job.until || isBehind(job, &heads)
            if !hasNews || !answer(job) { still.append(job) }
        }
        held = still
    }

    /// True also where it cannot be known: then the answer is what is wrong.
    private mutating func isBehind(
        _ job: FeedJob, _ heads: inout [VendorScope: Int64]
    ) -> Bool {
        for part in job.question.parts {
            if heads[part.scope] == nil { heads[part.scope] = try? head(of: part.scope) }
            guard heads[part.scope] == part.since else { return true }
        }
        return false
    }

    private mutating func head(of vendor: VendorScope) throws(DatabaseFault) -> Int64 {
        let deadline = Deadline.after(milliseconds: Self.deadlineMilliseconds)
        return try connection.withTransaction(
            forVendor: vendor, deadline: deadline
        ) { transaction throws(DatabaseFault) -> Int64 in
            try transaction.rows(.feedHead, [.integer(0), .text("")]).only().int64(0)
        }
    }

    /// Answers a question if there is anything to say, or if its time is over.
    private mutating func answer(_ job: FeedJob) -> Bool {
        let isDue = Monotonic.now() >= job.until
        guard state.isSchemaFit else { return reply(job, Rejection(.databaseUnavailable)) }
        do throws(DatabaseFault) {
            var lines: [UInt8] = []
            var isNew = false
            var room = FeedRoom()
            let known = ahead
            ahead = nil
            for part in job.question.parts {
                var told = try read(part, within: room, ahead: known)
                if isFirst(part, of: job.question), told.isBeginning {
                    told.section.sizes = countSizes(of: part.scope) ?? DirectorySizes()
                }
                room.take(told.piece)
                ahead = FeedAhead(after: told, of: part.scope) ?? ahead
                told.append(to: &lines)
                isNew = isNew || told.isNew
            }
            guard isNew || isDue else { return false }
            _ = replies.post(
                (
                    job.key,
                    ServiceReply(
                        status: 200,
                        fields: [
                            ("Content-Type", Array("application/x-ndjson".utf8)),
                            ("Cache-Control", Array("no-store".utf8)),
                        ], body: lines)
                ))
            return true
        } catch {
            return reply(job, Rejection(error))
        }
    }

    private func reply(_ job: FeedJob, _ rejection: Rejection) -> Bool {
        _ = replies.post((job.key, Answer(rejection, requestID: FreshID.make()).reply))
        return true
    }

    /// One vendor's part of a page.
    private mutating func read(
        _ part: FeedQuestion.Part, within room: FeedRoom, ahead: FeedAhead?
    ) throws(DatabaseFault) -> FeedPart {
        let deadline = Deadline.after(milliseconds: Self.deadlineMilliseconds)
        return try connection.withTransaction(
            forVendor: part.scope, deadline: deadline
        ) { transaction throws(DatabaseFault) -> FeedPart in
            try transaction.readFeed(part, within: room, ahead: ahead)
        }
    }

    /// A gateway makes room by what it hears first of all.
    private func isFirst(_ part: FeedQuestion.Part, of question: FeedQuestion) -> Bool {
        part.vendor == question.parts[0].vendor && question.parts.allSatisfy { $0.since == 0 }
    }

    /// How much there is; `nil` when that takes too long. It is a guess that makes taking faster.
    private mutating func countSizes(of vendor: VendorScope) -> DirectorySizes? {
        let deadline = Deadline.after(milliseconds: Self.sizesMilliseconds)
        return try? connection.withTransaction(
            forVendor: vendor, deadline: deadline
        ) { transaction throws(DatabaseFault) -> DirectorySizes in
            let sizes = try transaction.rows(.feedSizes).only()
            return DirectorySizes(
                tenants: Int(try sizes.int64(0)), domains: Int(try sizes.int64(1)),
                keys: Int(try sizes.int64(2)), revocations: Int(try sizes.int64(3)),
                textBytes: Int(try sizes.int64(4)))
        }
    }

    /// The page that will be asked for next, while the one before it is taken.
    private mutating func readAhead() {
        guard var next = ahead, next.piece.isUnread else { return }
        ahead = nil
        guard queue.count == 0 else { return }
        let (since, head) = (next.piece.since, next.head)
        let deadline = Deadline.after(milliseconds: Self.deadlineMilliseconds)
        do throws(DatabaseFault) {
            next.piece = try connection.withTransaction(
                forVendor: next.scope, deadline: deadline
            ) { transaction throws(DatabaseFault) -> FeedPiece in
                try transaction.readPiece(after: since, until: head, within: FeedRoom())
            }
            ahead = next
        } catch {
            // Whoever asks for it is told what is wrong.
        }
    }
}
