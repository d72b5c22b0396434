import COpenSSL
import Testing

@testable import TLS

/// Our derivation of TLS 1.3 secrets beside OpenSSL's own.
@Suite struct `Key schedule` {
    private struct Order {
        var mode = Int32(EVP_KDF_HKDF_MODE_EXPAND_ONLY)
        var digest = "SHA2-256"
        var key: [UInt8]?
        var salt: [UInt8]?
        var label = "derived"
        var data: [UInt8]?
    }

    private let ours = "provider=ringfence"
    private let openSSLs = "provider=default"

    init() { #expect(ContextHandle.keepsDigests) }

    /// `nil` when the derivation is refused.
    private func derive(_ order: Order, count: Int, by properties: String) -> [UInt8]? {
        guard let kind = unsafe EVP_KDF_fetch(nil, "TLS13-KDF", properties) else { return nil }
        defer { unsafe EVP_KDF_free(kind) }
        guard let context = unsafe EVP_KDF_CTX_new(kind) else { return nil }
        defer { unsafe EVP_KDF_CTX_free(context) }
        guard let parameters = unsafe OSSL_PARAM_BLD_new() else { return nil }
        defer { unsafe OSSL_PARAM_BLD_free(parameters) }
        // The builder takes addresses, names included.
        var kept: [UnsafeMutablePointer<CChar>] = unsafe []
        func keep(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar> {
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
            for (place, byte) in bytes.enumerated() {
                unsafe copy[place] = CChar(bitPattern: byte)
            }
            unsafe copy[bytes.count] = 0
            unsafe kept.append(copy)
            return unsafe copy
        }
        defer { while let address = unsafe kept.popLast() { unsafe address.deallocate() } }
        let mode = unsafe keep(Array("mode".utf8))
        let digest = unsafe keep(Array("digest".utf8))
        _ = unsafe OSSL_PARAM_BLD_push_int(parameters, mode, order.mode)
        _ = unsafe OSSL_PARAM_BLD_push_utf8_string(
            parameters, digest, keep(Array(order.digest.utf8)), 0)
        let pieces: [(String, [UInt8]?)] = [
            ("key", order.key), ("salt", order.salt), ("prefix", Array("tls13 ".utf8)),
            ("label", Array(order.label.utf8)), ("data", order.data),
        ]
        for (name, bytes) in pieces {
            guard let bytes else { continue }
            let key = unsafe keep(Array(name.utf8))
            _ = unsafe OSSL_PARAM_BLD_push_octet_string(
                parameters, key, keep(bytes), bytes.count)
        }
        guard let list = unsafe OSSL_PARAM_BLD_to_param(parameters) else { return nil }
        defer { unsafe OSSL_PARAM_free(list) }
        var out = [UInt8](repeating: 0, count: count)
        let done = unsafe EVP_KDF_derive(context, &out, count, list)
        ERR_clear_error()
        return done == 1 ? out : nil
    }

    private func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal)
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(digits[$0...($0 + 1)]), radix: 16) ?? 0
        }
    }

    @Test func `servers derive with it`() throws {
        let kind = unsafe EVP_KDF_fetch(nil, "TLS13-KDF", RF_SCHEDULE_PROPERTIES)
        let provider = unsafe EVP_KDF_get0_provider(kind)
        #expect(unsafe String(cString: OSSL_PROVIDER_get0_name(provider)) == "ringfence")
        unsafe EVP_KDF_free(kind)
        // Everything else is still the default provider's.
        let digest = unsafe EVP_MD_fetch(nil, "SHA2-256", RF_SCHEDULE_PROPERTIES)
        let other = unsafe EVP_MD_get0_provider(digest)
        #expect(unsafe String(cString: OSSL_PROVIDER_get0_name(other)) == "default")
        unsafe EVP_MD_free(digest)
    }

    /// RFC 8448 section 3.
    @Test func `the secrets of the published handshake come out`() {
        let extract = Int32(EVP_KDF_HKDF_MODE_EXTRACT_ONLY)
        let early = derive(Order(mode: extract), count: 32, by: ours)
        #expect(
            early == bytes("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"))
        let shared = bytes("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d")
        let handshake = derive(
            Order(mode: extract, key: shared, salt: early), count: 32, by: ours)
        #expect(
            handshake == bytes("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"))
    }

    @Test func `any derivation gives what OpenSSL's gives`() {
        var generator = SystemRandomNumberGenerator()
        func some(_ count: Int) -> [UInt8] { (0..<count).map { _ in generator.next() } }
        for (digest, size) in [("SHA2-256", 32), ("SHA256", 32), ("SHA2-384", 48), ("SHA384", 48)] {
            for count in [1, 12, 16, 31, 32, 33, 48, 49, 64, 100, 255] {
                for context in [nil, some(0), some(8), some(32), some(48), some(255)] {
                    let order = Order(
                        digest: digest, key: some(size),
                        label: String(repeating: "l", count: count % 249), data: context)
                    let own = derive(order, count: count, by: ours)
                    #expect(own != nil && own == derive(order, count: count, by: openSSLs))
                }
            }
            for key in [nil, some(32), some(48), some(66), some(128)] {
                if let key, key.count > 64, size == 32 { continue }  // Longer than a block.
                for salt in [nil, some(size)] {
                    let order = Order(
                        mode: Int32(EVP_KDF_HKDF_MODE_EXTRACT_ONLY), digest: digest, key: key,
                        salt: salt)
                    let own = derive(order, count: size, by: ours)
                    #expect(own != nil && own == derive(order, count: size, by: openSSLs))
                }
            }
        }
    }

    @Test func `what the schedule never asks for is refused`() {
        let key = [UInt8](repeating: 1, count: 32)
        let extract = Int32(EVP_KDF_HKDF_MODE_EXTRACT_ONLY)
        #expect(derive(Order(digest: "SHA1", key: key), count: 20, by: ours) == nil)
        #expect(derive(Order(mode: 0, key: key), count: 32, by: ours) == nil)
        #expect(derive(Order(), count: 32, by: ours) == nil)
        #expect(derive(Order(key: key), count: 255 * 32 + 1, by: ours) == nil)
        #expect(derive(Order(mode: extract, key: key), count: 31, by: ours) == nil)
        #expect(derive(Order(mode: extract, salt: [1]), count: 32, by: ours) == nil)
        let long = [UInt8](repeating: 1, count: 256)
        #expect(derive(Order(key: key, data: long), count: 32, by: ours) == nil)
        #expect(derive(Order(key: long), count: 32, by: ours) == nil)
        let longLabel = String(repeating: "l", count: 250)
        #expect(derive(Order(key: key, label: longLabel), count: 32, by: ours) == nil)
    }
}
