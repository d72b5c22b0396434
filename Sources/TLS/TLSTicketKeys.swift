import COpenSSL
import Synchronization

/// The keys that seal session tickets, shared by every context whose tickets should be good at each
/// other (the session identity still keeps listeners apart).
///
/// Three keys: the current one seals; the previous one still opens; the next one is known ahead, so
/// that an instance which rotates first is understood by one that rotates later. Tickets are sealed
/// for TLS 1.3 only, where a resumption agrees on fresh keys: with TLS 1.2 a stolen ticket key
/// would open recorded traffic.
public final class TLSTicketKeys: Sendable {
    /// How long one key seals.
    public static let rotationSeconds: UInt64 = 12 * 3_600

    private struct Ring {
        var previous: rf_tls_ticket_key?
        var current: rf_tls_ticket_key
        var next: rf_tls_ticket_key
        var rotatedSeconds: UInt64
    }
    private let ring: Mutex<Ring>

    /// - Parameter nowSeconds: any clock, the same one at every call.
    public init(nowSeconds: UInt64) throws(TLSFault) {
        let current = try Self.makeKey()
        let next = try Self.makeKey()
        ring = Mutex(Ring(previous: nil, current: current, next: next, rotatedSeconds: nowSeconds))
    }

    /// The next key becomes the current one; tickets of the one before the previous are no good
    /// from here on.
    public func rotate(nowSeconds: UInt64) throws(TLSFault) {
        let fresh = try Self.makeKey()
        ring.withLock { ring in
            ring.previous = ring.current
            ring.current = ring.next
            ring.next = fresh
            ring.rotatedSeconds = nowSeconds
        }
    }

    /// Rotates when the current key has sealed for `rotationSeconds`; to be called from a timer.
    ///
    /// - Returns: whether it did.
    public func rotateIfDue(nowSeconds: UInt64) throws(TLSFault) -> Bool {
        let due = ring.withLock { ring in
            nowSeconds >= ring.rotatedSeconds
                && nowSeconds - ring.rotatedSeconds >= Self.rotationSeconds
        }
        if due { try rotate(nowSeconds: nowSeconds) }
        return due
    }

    private static func makeKey() throws(TLSFault) -> rf_tls_ticket_key {
        var key = rf_tls_ticket_key()
        ERR_clear_error()
        guard unsafe rf_tls_ticket_key_make(&key) == 1 else { throw .openSSL(.take()) }
        return key
    }

    /// Prepares OpenSSL to seal a ticket; false when it cannot.
    ///
    /// - Safety: the arguments of the ticket callback, unchanged.
    @unsafe func arm(
        sealing name: UnsafeMutablePointer<UInt8>?, _ iv: UnsafeMutablePointer<UInt8>?,
        _ cipher: OpaquePointer?, _ mac: OpaquePointer?
    ) -> Bool {
        var key = ring.withLock { $0.current }
        return unsafe rf_tls_ticket_arm(&key, name, iv, cipher, mac, 1) == 1
    }

    /// Prepares OpenSSL to open a ticket: `nil` when its key is not one of ours.
    ///
    /// - Safety: the arguments of the ticket callback, unchanged.
    @unsafe func arm(
        opening name: UnsafeMutablePointer<UInt8>?, _ iv: UnsafeMutablePointer<UInt8>?,
        _ cipher: OpaquePointer?, _ mac: OpaquePointer?
    ) -> Bool? {
        let (previous, current, next) = ring.withLock { ($0.previous, $0.current, $0.next) }
        for candidate in [current, previous, next] {
            guard var key = candidate, unsafe rf_tls_ticket_key_is_named(&key, name) == 1 else {
                continue
            }
            return unsafe rf_tls_ticket_arm(&key, name, iv, cipher, mac, 0) == 1
        }
        return nil
    }
}
