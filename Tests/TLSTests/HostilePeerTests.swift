import COpenSSL
import Glibc
import HTTP1
import Synchronization
import Testing

@testable import TLS

/// D3: what a peer may repeat at no cost to itself has a bound, and it ends this session only.
@Suite(.serialized) struct `Hostile TLS peer` {
    private func readUntilFailure(_ session: inout TLSSession) -> TLSFailure? {
        session.socketBecameReadable(endPending: false)
        do throws(TLSFailure) {
            _ = try drain(&session)
            return nil
        } catch { return error }
    }

    @Test func `D3: KeyUpdate is answered postHandshakeMessagesMax times`() throws {
        var meeting = try Meeting(try Fixture.serverContext(), try Fixture.clientContext())
        try meeting.settle()
        for count in 1...(TLSBounds.postHandshakeMessagesMax + 1) {
            #expect(unsafe SSL_key_update(meeting.client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1)
            #expect(unsafe SSL_do_handshake(meeting.client.ssl) == 1)
            // One useful byte in between does not reset the count.
            _ = try meeting.client.write([1].span)
            let failure = readUntilFailure(&meeting.server)
            let expected: TLSFailure? =
                count > TLSBounds.postHandshakeMessagesMax ? .postHandshakeFlood : nil
            #expect(failure == expected, "\(count)")
        }
    }

    @Test func `D3: a burst of KeyUpdate in one segment ends the session too`() throws {
        var meeting = try Meeting(try Fixture.serverContext(), try Fixture.clientContext())
        try meeting.settle()
        for _ in 0..<200 {
            #expect(unsafe SSL_key_update(meeting.client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1)
            #expect(unsafe SSL_do_handshake(meeting.client.ssl) == 1)
        }
        #expect(readUntilFailure(&meeting.server) == .postHandshakeFlood)
    }

    @Test func `D3: a client bounds its server's messages as well`() throws {
        var meeting = try Meeting(try Fixture.serverContext(), try Fixture.clientContext())
        try meeting.settle()
        for _ in 0..<(TLSBounds.postHandshakeMessagesMax + 1) {
            #expect(unsafe SSL_new_session_ticket(meeting.server.ssl) == 1)
            #expect(unsafe SSL_do_handshake(meeting.server.ssl) == 1)
        }
        #expect(readUntilFailure(&meeting.client) == .postHandshakeFlood)
    }

    @Test func `D3: empty records are counted although useful ones come between`() throws {
        let forge = try Forge()
        var meeting = forge.meeting()
        for count in 1...(TLSBounds.emptyRecordsMax + 1) {
            forge.send([], type: 23, on: meeting.sockets)
            forge.send([1], type: 23, on: meeting.sockets)
            let failure = readUntilFailure(&meeting.server)
            let expected: TLSFailure? = count > TLSBounds.emptyRecordsMax ? .emptyRecordFlood : nil
            #expect(failure == expected, "\(count)")
        }
    }

    @Test func `D3: warning alerts are counted although useful records come between`() throws {
        let forge = try Forge()
        var meeting = forge.meeting()
        for count in 1...(TLSBounds.warningAlertsMax + 1) {
            forge.send([1, 90], type: 21, on: meeting.sockets)
            forge.send([1], type: 23, on: meeting.sockets)
            let failure = readUntilFailure(&meeting.server)
            let expected: TLSFailure? = count > TLSBounds.warningAlertsMax ? .alertFlood : nil
            #expect(failure == expected, "\(count)")
        }
    }

    @Test func `D3: a TLS 1_2 renegotiation ends the session`() throws {
        let clients = try Fixture.clientContext()
        clients.limit(to: TLS1_2_VERSION)
        var meeting = try Meeting(try Fixture.serverContext(), clients)
        try meeting.settle()
        unsafe SSL_clear_options(meeting.client.ssl, 1 << 30)
        #expect(unsafe SSL_renegotiate(meeting.client.ssl) == 1)
        _ = unsafe SSL_do_handshake(meeting.client.ssl)
        #expect(readUntilFailure(&meeting.server) == .renegotiation)
        #expect(throws: TLSFailure.renegotiation) { _ = try meeting.server.write([1].span) }
    }

    /// A ClientHello of `bytes` of which `sent` go out, in records of 16 KiB.
    private func clientHello(bytes: Int, sent: Int) -> [UInt8] {
        let header: [UInt8] = [1, UInt8(bytes >> 16), UInt8(bytes >> 8 & 255), UInt8(bytes & 255)]
        var message = header + [3, 3] + [UInt8](repeating: 0, count: bytes - 2)
        message = Array(message.prefix(sent))
        var wire: [UInt8] = []
        while !message.isEmpty {
            let piece = message.prefix(16_384)
            wire += [22, 3, 1, UInt8(piece.count >> 8), UInt8(piece.count & 255)] + piece
            message.removeFirst(piece.count)
        }
        return wire
    }

    @Test func `a ClientHello above its bound is refused`() throws {
        let bound = TLSBounds.clientHelloBytesMax
        for (bytes, refused) in [(bound - 4, false), (bound - 3, true)] {
            let sockets = SocketPair()
            var server = try Fixture.serverContext().makeSession(descriptor: sockets.server)
            sockets.sendFromClient(clientHello(bytes: bytes, sent: bytes + 4))
            do throws(TLSFailure) {
                _ = try server.handshake()
                Issue.record("accepted")
            } catch {
                #expect((error == .handshakeTooLarge) == refused, "\(error)")
            }
        }
    }

    @Test func `a ClientHello that never ends is cut by the bound of the handshake`() throws {
        let sockets = SocketPair()
        var server = try Fixture.serverContext().makeSession(descriptor: sockets.server)
        var failure: TLSFailure?
        let wire = clientHello(bytes: 130_000, sent: 120_000)
        var sent = 0
        while failure == nil, sent < wire.count {
            let next = min(sent + 1_000, wire.count)
            sockets.sendFromClient(Array(wire[sent..<next]))
            sent = next
            server.socketBecameReadable(endPending: false)
            do throws(TLSFailure) { _ = try server.handshake() } catch { failure = error }
        }
        #expect(failure == .handshakeTooLarge)
        #expect(sent > TLSBounds.serverHandshakeBytesMax)
        #expect(sent <= TLSBounds.serverHandshakeBytesMax + 1_000)
    }

    @Test func `a client that sends early data is not heard`() throws {
        // A ticket never allows it, and without permission OpenSSL sends none.
        var meeting = try Meeting(try Fixture.serverContext(), try Fixture.clientContext())
        try meeting.settle()
        let session = unsafe SSL_get_session(meeting.client.ssl)
        #expect(unsafe SSL_SESSION_get_max_early_data(session) == 0)
    }
}

/// Writes TLS 1.3 records that no library writes, with the client's real traffic key.
private final class Forge {
    private let server: TLSServerContext
    private let clients: TLSClientContext
    private var key: [UInt8] = []
    private var nonce: [UInt8] = []
    private var sequence: UInt64 = 0
    /// OpenSSL hands secrets to a C callback, which has no context to put them in.
    private static let secret = Mutex<[UInt8]>([])

    init() throws {
        server = try Fixture.serverContext()
        clients = try Fixture.clientContext()
        unsafe SSL_CTX_set_keylog_callback(clients.handle.pointer) { _, line in
            guard let line = unsafe line else { return }
            let words = unsafe String(cString: line).split(separator: " ")
            guard words.count == 3, words[0] == "CLIENT_TRAFFIC_SECRET_0" else { return }
            let digits = Array(words[2])
            let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(digits[$0...($0 + 1)]), radix: 16)
            }
            Forge.secret.withLock { $0 = bytes }
        }
    }

    func meeting() -> Meeting {
        guard var meeting = try? Meeting(server, clients), meeting.shakeHands() == (nil, nil),
            meeting.server.cipherName == "TLS_AES_128_GCM_SHA256"
        else { preconditionFailure("no session to forge in") }
        let secret = Self.secret.withLock { $0 }
        key = Self.expand(secret, "key", 16)
        nonce = Self.expand(secret, "iv", 12)
        return meeting
    }

    /// HKDF-Expand-Label (RFC 8446 section 7.1) for lengths up to one digest.
    private static func expand(_ secret: [UInt8], _ label: String, _ length: UInt8) -> [UInt8] {
        let name = Array("tls13 \(label)".utf8)
        let info = [0, length, UInt8(name.count)] + name + [0, 1]
        var out = [UInt8](repeating: 0, count: 32)
        var count: UInt32 = 0
        let made = unsafe HMAC(
            EVP_sha256(), secret, Int32(secret.count), info, info.count, &out, &count)
        precondition(unsafe made != nil && count == 32)
        return Array(out.prefix(Int(length)))
    }

    func send(_ content: [UInt8], type: UInt8, on sockets: borrowing SocketPair) {
        let plain = content + [type]
        let length = plain.count + 16
        let header: [UInt8] = [23, 3, 3, UInt8(length >> 8), UInt8(length & 255)]
        var iv = nonce
        for index in 0..<8 {
            iv[11 - index] ^= UInt8(truncatingIfNeeded: sequence >> (8 * UInt64(index)))
        }
        sequence += 1
        let context = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        var sealed = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        let steps = unsafe [
            EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nil, key, iv),
            EVP_EncryptUpdate(context, nil, &count, header, Int32(header.count)),
            EVP_EncryptUpdate(context, &sealed, &count, plain, Int32(plain.count)),
            EVP_EncryptFinal_ex(context, nil, &count),
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag),
        ]
        precondition(steps == [1, 1, 1, 1, 1])
        sockets.sendFromClient(header + sealed + tag)
    }
}
