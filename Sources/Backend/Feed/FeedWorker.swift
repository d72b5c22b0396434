import HTTPTransport
import Policy
import Postgres
import Reactor

/// Reads the feed for gateways, on one thread with one login of the runtime role. Each vendor's
/// part is read in a transaction of that vendor, like everything a vendor asks for: there is no
/// statement that sees more.
///
/// It holds questions that find nothing new and looks again every `lookMilliseconds` while there
/// are some.
struct FeedWorker: ~Copyable {
    static let lookMilliseconds: UInt64 = 100
    /// Things of one page.
    static let pageRows: Int64 = 4_000
    /// Bytes of one page, but for its last line.
    static let pageBytes: Int64 = 2_097_152
    /// Reading one page.
    private static let deadlineMilliseconds = 4_000

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
        while true {
            let look =
                held.isEmpty
                ? nil : Monotonic.now().advanced(byMilliseconds: Self.lookMilliseconds)
            if let job = queue.take(until: look) {
                if !answer(job) { held.append(job) }
                clean(job.question)
            } else if look.map({ Monotonic.now() < $0 }) ?? true {
                return
            } else {
                lookAgain()
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
            for part in job.question.parts {
                isNew = try read(part, into: &lines) || isNew
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

    /// One vendor's part of a page; whether it says anything new.
    private mutating func read(
        _ part: FeedQuestion.Part, into lines: inout [UInt8]
    ) throws(DatabaseFault) -> Bool {
        let deadline = Deadline.after(milliseconds: Self.deadlineMilliseconds)
        let answer = try connection.withTransaction(
            forVendor: part.scope, deadline: deadline
        ) { transaction throws(DatabaseFault) -> FeedPart in
            try transaction.readFeed(part)
        }
        answer.append(to: &lines)
        return answer.isNew
    }
}

/// What one vendor's part of a page says.
struct FeedPart: Sendable {
    var section: DirectorySection
    /// Lines as they were made, each with its line end.
    var changes: [UInt8] = []
    var end: Int64
    var isNew: Bool

    func append(to lines: inout [UInt8]) {
        DirectoryLine.section(section).append(to: &lines)
        lines += changes
        DirectoryLine.end(version: end, hasMore: end < section.head).append(to: &lines)
    }
}

extension VendorTransaction {
    mutating func readFeed(_ part: FeedQuestion.Part) throws(DatabaseFault) -> FeedPart {
        let row = try rows(.feedHead, [.integer(part.head), .text(part.mark.text)]).only()
        let head = try row.int64(0)
        // A position that was never taken here, or not in this history, begins at nothing. So does
        // one from before a row that was deleted since: it may hold a key as good that was revoked.
        // Not where it began at nothing after that, and is still on its way: then it never did.
        let (isOurs, forgotten) = (try row.bool(2), try row.int64(3))
        let isKnown =
            isOurs && part.since <= head
            && (part.since == 0
                || part.head > 0 && forgotten <= max(part.since, part.mark.base))
        let since = isKnown ? part.since : 0
        var section = DirectorySection(
            vendor: part.vendor, head: head,
            mark: FeedMark.written(
                try row.utf8(1), base: since == 0 ? head : part.mark.base),
            isReset: since == 0)
        guard since < head else {
            return FeedPart(section: section, end: since, isNew: !isKnown)
        }
        if since == 0 {
            let sizes = try rows(.feedSizes).only()
            section.sizes = DirectorySizes(
                tenants: Int(try sizes.int64(0)), domains: Int(try sizes.int64(1)),
                keys: Int(try sizes.int64(2)), revocations: Int(try sizes.int64(3)),
                textBytes: Int(try sizes.int64(4)))
        }
        var answer = FeedPart(section: section, end: since, isNew: true)
        let found = try rows(
            .feedPage,
            [
                .integer(since), .integer(FeedWorker.pageRows), .integer(FeedWorker.pageBytes),
            ])
        for row in found {
            let version = try row.int64(0)
            // Committed since the head was read, so there is no mark to go on from yet: next time.
            guard version <= head else {
                answer.end = head
                break
            }
            answer.end = version
            answer.changes += try row.utf8(1)
            answer.changes.append(UInt8(ascii: "\n"))
        }
        // Versions that nothing has any more lie between the last thing and the head.
        if found.isEmpty { answer.end = head }
        return answer
    }
}
