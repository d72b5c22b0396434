import HTTP1
import Reactor

extension HTTPService {
    public struct Bounds: Sendable {
        public var connectionsMax = 4_096
        public var bodyBytesMax = 1_048_576
        /// A reply that would not fit is answered 500: handlers page by bytes.
        public var replyBytesMax = 8_388_608
        /// From the first byte of a head to its last, in total.
        public var headMilliseconds: UInt64 = 10_000
        /// From the end of the head to the end of the body, in total.
        public var bodyMilliseconds: UInt64 = 30_000
        /// From the end of the request until a handler that said "later" has answered.
        public var replyMilliseconds: UInt64 = 30_000
        /// Between two requests.
        public var idleMilliseconds: UInt64 = 60_000
        /// Without a byte of a reply being read.
        public var outputMilliseconds: UInt64 = 30_000
        /// After the last reply, for the peer to end the connection.
        public var lingerMilliseconds: UInt64 = 1_000
        public init() {}
    }

    /// One connection with the request it is sending. Not private: the service is destroyed in
    /// other targets, whose code then has to name this type.
    final class Guest {
        let connection: ServerConnection
        var body: ByteBuffer
        var method = KnownMethod.get
        var path: [UInt8] = []
        var query: [UInt8]?
        var fields: [ServiceRequest.Field] = []
        var awaitsReply = false

        init(_ connection: ServerConnection, bodyBytesMax: Int) {
            self.connection = connection
            // One read beyond the bound, so that reaching it is noticed and not a trap.
            body = ByteBuffer(capacityMax: bodyBytesMax + BodyReader.pieceBytesMax)
        }

        /// What a connection waits for, and until when at most.
        func due(
            _ bounds: Bounds, _ now: Monotonic
        ) -> (subject: Standstill.Subject, at: Monotonic) {
            func wait(
                for subject: Standstill.Subject, _ mark: UInt64, _ milliseconds: UInt64
            ) -> (Standstill.Subject, Monotonic) {
                let since = connection.standstill.since(subject, mark: mark, now: now)
                return (subject, since.advanced(byMilliseconds: milliseconds))
            }
            let unread = connection.stream.output.count
            if unread >= ByteStream.outputBytesHigh
                || (unread > 0 && connection.phase == .lingering)
            {
                return wait(for: .output, connection.stream.bytesSent, bounds.outputMilliseconds)
            }
            switch connection.phase {
            case .handshaking, .lingering: return wait(for: .close, 0, bounds.lingerMilliseconds)
            case .awaitingHead:
                guard let since = connection.headSince else {
                    return wait(for: .request, connection.requests, bounds.idleMilliseconds)
                }
                return (.head, since.advanced(byMilliseconds: bounds.headMilliseconds))
            case .exchanging:
                // In total: a request fits in memory, so it has no reason to drip.
                return awaitsReply
                    ? wait(for: .response, connection.requests, bounds.replyMilliseconds)
                    : wait(for: .body, connection.requests, bounds.bodyMilliseconds)
            }
        }
    }
}
