import COpenSSL
public import HTTP1

/// Moving bytes, and what OpenSSL's answers mean.
extension TLSSession {
    /// Room offered to OpenSSL at least; a buffer kept by a thread has far more.
    private static let roomBytesMin = 2_048

    /// Appends decrypted bytes to `buffer`, record after record, until `max` bytes came, the buffer
    /// is full, or the socket is empty. See the type for when to call it.
    ///
    /// - Returns: `.transferred(n)`; if `n` is less than `max` and `isReadable` still true, an end
    ///   or a failure is reported by the next call. `.transferred(0)` only when there is no room.
    public mutating func read(
        into buffer: inout ByteBuffer, max: Int
    ) throws(TLSFailure) -> IOOutcome {
        if let failure { throw failure }
        if isTruncated {
            isReadable = false
            return .truncated
        }
        let bound = min(max, buffer.freeCapacityMax)
        var transferred = 0
        while transferred < bound {
            let result = readOnce(into: &buffer, bound: bound - transferred)
            adaptReads()
            try throwViolation()
            if result > 0 {
                transferred += result
                // Nothing is left in the socket and nothing in OpenSSL: asking would only say so.
                if unsafe transport.pointee.drained == 1 && SSL_has_pending(ssl) == 0 {
                    isReadable = false
                    break
                }
                continue
            }
            let outcome: IOOutcome
            do throws(TLSFailure) {
                outcome = try halt(Int32(truncatingIfNeeded: result))
            } catch {
                // What came before the failure is genuine: every record is authenticated.
                guard transferred > 0 else { throw error }
                return .transferred(transferred)
            }
            switch outcome {
            case .wantsRead: isReadable = false
            case .truncated: isTruncated = true
            case .wantsWrite, .endOfStream, .transferred: break
            }
            guard transferred == 0 else { return .transferred(transferred) }
            if outcome == .endOfStream || outcome == .truncated { isReadable = false }
            return outcome
        }
        return .transferred(transferred)
    }

    /// One `SSL_read_ex`: bytes read, or OpenSSL's result (0 or negative).
    private func readOnce(into buffer: inout ByteBuffer, bound: Int) -> Int {
        let ssl = unsafe ssl
        rf_clear_errors()
        let pending = Int(unsafe SSL_pending(ssl))
        var result: Int32 = 0
        let count = unsafe buffer.fill(
            minimum: min(bound, pending > 0 ? pending : Self.roomBytesMin)
        ) { room in
            var count = 0
            result = unsafe SSL_read_ex(ssl, room.baseAddress, min(room.count, bound), &count)
            return result == 1 ? count : 0
        }
        return result == 1 ? count : Int(result)
    }

    /// Encrypts and sends `bytes`, one record per 16 KiB, until the socket takes no more.
    ///
    /// When fewer than all went (`.transferred(n)` with `n < bytes.count`, or `.wantsWrite`), wait
    /// until the socket is writable and call again with the bytes that follow the `n`: the same
    /// ones, at any address, and not fewer, because a record of them may already be encrypted.
    /// Whoever cannot must drop the session.
    public mutating func write(_ bytes: Span<UInt8>) throws(TLSFailure) -> IOOutcome {
        if let failure { throw failure }
        precondition(isEstablished, "write before the handshake is done")
        let ssl = unsafe ssl
        var transferred = 0
        defer { unsafe transport.pointee.more_follows = 0 }
        while transferred < bytes.count {
            rf_clear_errors()
            var count = 0
            let rest = bytes.extracting(transferred..<bytes.count)
            // The kernel makes one segment of the records of one call.
            unsafe transport.pointee.more_follows = rest.count > TLSBounds.recordBytesMax ? 1 : 0
            let result = unsafe rest.withUnsafeBytes { raw in
                unsafe SSL_write_ex(ssl, raw.baseAddress, raw.count, &count)
            }
            try throwViolation()
            if result == 1 {
                transferred += count
                continue
            }
            let outcome: IOOutcome
            do throws(TLSFailure) {
                outcome = try halt(result)
            } catch {
                guard transferred > 0 else { throw error }
                return .transferred(transferred)
            }
            return transferred > 0 ? .transferred(transferred) : outcome
        }
        return .transferred(transferred)
    }

    // MARK: What OpenSSL's answers mean

    /// Remembers why the session is over.
    mutating func end(_ failure: TLSFailure) -> TLSFailure {
        self.failure = failure
        isReadable = false
        return failure
    }

    /// Ends the session when the peer went past one of our bounds, whatever OpenSSL thinks of it.
    mutating func throwViolation() throws(TLSFailure) {
        let violation = unsafe transport.pointee.violation
        guard violation != RF_TLS_NO_VIOLATION else { return }
        switch Int(violation) {
        case RF_TLS_HANDSHAKE_TOO_LARGE: throw end(.handshakeTooLarge)
        case RF_TLS_EMPTY_RECORD_FLOOD: throw end(.emptyRecordFlood)
        case RF_TLS_POST_HANDSHAKE_FLOOD: throw end(.postHandshakeFlood)
        case RF_TLS_ALERT_FLOOD: throw end(.alertFlood)
        default: throw end(.renegotiation)
        }
    }

    /// Why a call moved nothing; never `.transferred`. Must directly follow the call: it reads the
    /// thread's error queue.
    mutating func halt(_ result: Int32) throws(TLSFailure) -> IOOutcome {
        switch unsafe SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return .endOfStream
        case SSL_ERROR_SYSCALL:
            if unsafe transport.pointee.error == 0 { return .truncated }
            throw end(socketFailure())
        default: return try explainError()
        }
    }

    private func socketFailure() -> TLSFailure {
        let code = unsafe transport.pointee.error
        precondition(code != EBADF && code != EFAULT && code != ENOTSOCK, "not our socket")
        return .socket(errno: code)
    }

    /// `SSL_ERROR_SSL`: the first queued error is the cause.
    private mutating func explainError() throws(TLSFailure) -> IOOutcome {
        let code = ERR_get_error()
        ERR_clear_error()
        let verified = unsafe SSL_get_verify_result(ssl)
        guard ERR_GET_LIB(code) == ERR_LIB_SSL else { throw end(.protocolError(code: UInt(code))) }
        let reason = ERR_GET_REASON(code)
        switch reason {
        case SSL_R_UNEXPECTED_EOF_WHILE_READING: return .truncated
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            throw end(.certificateRejected(CertificateRejection(code: verified)))
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_WRONG_SSL_VERSION:
            throw end(.unsupportedVersion)
        case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SHARED_GROUPS,
            SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
            throw end(.noSharedCipher)
        case SSL_R_NO_APPLICATION_PROTOCOL: throw end(.noSharedApplicationProtocol)
        case SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST: throw end(.plainHTTP)
        case SSL_AD_REASON_OFFSET..<(SSL_AD_REASON_OFFSET + 256):
            throw end(.alertReceived(UInt8(truncatingIfNeeded: reason - SSL_AD_REASON_OFFSET)))
        default: throw end(.protocolError(code: UInt(code)))
        }
    }
}
