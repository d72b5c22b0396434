import Postgres
import Reactor

/// `db seal-key`: the keys by which the database knows the gateway's seals. The key itself is
/// written to a file for the gateway and is nowhere else; the database gets its two HMAC pads.
enum SealKeyCommands {
    static let keyBytes = 32
    /// Draws of an id that the database has not seen yet.
    private static let attemptsMax = 8
    /// SHA-256 works on blocks of this many bytes, and HMAC pads its key to one (RFC 2104 §2).
    private static let blockBytes = 64

    static func create(_ setup: BackendSetup, out path: String) throws(StartupFault) -> String {
        if (try? fileMode(path)) != nil {
            throw StartupFault(
                exit: .failed, message: "error: `\(path)` exists; a key is never overwritten\n")
        }
        var session = try session(setup)
        let deadline = Deadline.after(milliseconds: DatabaseCommands.checkMilliseconds)
        let database: String
        do throws(DatabaseFault) {
            database = try session.rows(nameDatabase, deadline: deadline).only().text(0)
        } catch {
            throw DatabaseCommands.fault("asking for the database's name failed", error)
        }
        guard !database.contains(":"), !database.contains("\n") else {
            throw StartupFault(
                exit: .failed, message: "error: a database with `:` in its name has no keys\n")
        }
        var (kid, key) = newKey()
        var file = try newFile(path, "rfseal1:\(kid):\(database):\(hex(key))\n")
        var attempts = 1
        while true {
            do throws(DatabaseFault) {
                _ = try session.rows(
                    install, [.text(kid), .bytes(pad(key, 0x36)), .bytes(pad(key, 0x5C))],
                    deadline: deadline)
                break
            } catch  where error.sqlState == .uniqueViolation && attempts < attemptsMax {
                // Retired keys keep their ids for good, and there are 46,656 of them.
                attempts += 1
                (kid, key) = newKey()
                file = try newFile(path, "rfseal1:\(kid):\(database):\(hex(key))\n")
            } catch {
                throw DatabaseCommands.fault("installing key `\(kid)` failed", error)
            }
        }
        do throws(FileFault) {
            try file.commit()
        } catch {
            throw unwritable(path, error)
        }
        return "key `\(kid)` is valid from now on; give `\(path)` to the gateway as "
            + "`assertion.seal.key`, and retire the key before it when every gateway has it\n"
    }

    static func list(_ setup: BackendSetup) throws(StartupFault) -> String {
        var session = try session(setup)
        do throws(DatabaseFault) {
            var text = ""
            for row in try session.rows(
                list, deadline: .after(milliseconds: DatabaseCommands.checkMilliseconds))
            {
                let end = try row.text(2)
                let until = end == "infinity" ? "" : " until \(end)"
                let kid = try row.text(0)
                let own =
                    kid.hasPrefix("db")
                    ? ", the database's own" : kid.hasPrefix("pr") ? ", of a proof" : ""
                text +=
                    "\(try row.text(0)) \(try row.text(3)) from \(try row.text(1))\(until)\(own)\n"
            }
            return text
        } catch {
            throw DatabaseCommands.fault("listing keys failed", error)
        }
    }

    static func retire(_ setup: BackendSetup, _ kid: String) throws(StartupFault) -> String {
        var session = try session(setup)
        let isFound: Bool
        do throws(DatabaseFault) {
            isFound = try session.rows(
                retire, [.text(kid)],
                deadline: .after(milliseconds: DatabaseCommands.checkMilliseconds)
            ).only().bool(0)
        } catch {
            throw DatabaseCommands.fault("retiring key `\(kid)` failed", error)
        }
        guard isFound else {
            throw StartupFault(exit: .failed, message: "error: there is no key `\(kid)`\n")
        }
        return "key `\(kid)` is retired; seals made with it are refused from now on\n"
    }

    static func session(_ setup: BackendSetup) throws(StartupFault) -> OwnerSession {
        do throws(DatabaseFault) {
            return try OwnerSession(
                connectingTo: setup.owner,
                deadline: .after(milliseconds: DatabaseCommands.checkMilliseconds))
        } catch {
            throw DatabaseCommands.fault("the owner's login failed", error)
        }
    }

    private static func newKey() -> (kid: String, key: [UInt8]) {
        var random = [UInt8](repeating: 0, count: keyBytes + 3)
        var span = random.mutableSpan
        randomBytes(into: &span)
        // 36 does not divide 256; that some ids are likelier harms nobody.
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let id = random[keyBytes...].map { letters[Int($0) % letters.count] }
        return ("k" + String(decoding: id, as: UTF8.self), Array(random[..<keyBytes]))
    }

    static func pad(_ key: [UInt8], _ byte: UInt8) -> [UInt8] {
        (0..<blockBytes).map { ($0 < key.count ? key[$0] : 0) ^ byte }
    }

    static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self)
    }

    /// Under its name only once it is committed: a key the database does not know helps nobody.
    private static func newFile(
        _ path: String, _ text: String
    ) throws(StartupFault) -> AtomicFileWriter {
        do throws(FileFault) {
            var file = try AtomicFileWriter(path, mode: 0o600)
            try file.write(Array(text.utf8).span)
            return file
        } catch {
            throw unwritable(path, error)
        }
    }

    private static func unwritable(_ path: String, _ fault: FileFault) -> StartupFault {
        StartupFault(
            exit: .failed, message: "error: cannot write `\(path)`: \(fault.words)\n")
    }

    static let nameDatabase: StaticString = "SELECT pg_catalog.current_database()::text"

    private static let install: StaticString = """
        SELECT ringfence_guard.install_key($1, $2, $3, pg_catalog.now(), 'infinity')
        """

    private static let list: StaticString = """
        SELECT kid, pg_catalog.to_char(not_before, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            CASE WHEN not_after = 'infinity' THEN 'infinity'
                ELSE pg_catalog.to_char(not_after, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END, state
        FROM ringfence_guard.list_keys()
        """

    private static let retire: StaticString =
        "SELECT ringfence_guard.retire_key($1, pg_catalog.now())"
}
