import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Backend

/// Directories of more than one page, and what they must not cost others.
@Suite struct `The pages of a feed` {
    let backend: RunningBackend
    let vendor = "p-" + UUID().uuidString.lowercased()
    init() throws { backend = try RunningBackend.shared() }

    /// Where a gateway stands with one vendor.
    private struct Position {
        let vendor: String
        var since = 0
        var head = 0
        var mark = ""
        var question: String {
            "&vendor=\(vendor)&since=\(since)&head=\(head)&mark=\(mark)"
        }
    }

    private func page(_ positions: [Position], wait: Int = 0) throws -> [[String: Any]] {
        let target = "/feed?wait=\(wait)" + positions.map(\.question).joined()
        let page = try backend.feed(target)
        try #require(page.status == 200, "\(page.text.prefix(300))")
        return try page.text.split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(object as? [String: Any])
        }
    }

    /// Takes a page's heads and ends into the positions; whether there is more.
    private func advance(
        _ positions: inout [Position], by page: [[String: Any]]
    ) throws -> Bool {
        let (heads, ends) = (page.filter { $0["feed"] != nil }, page.filter { $0["end"] != nil })
        try #require(heads.count == positions.count && ends.count == positions.count)
        for index in positions.indices {
            positions[index].head = try #require(heads[index]["head"] as? Int)
            positions[index].mark = try #require(heads[index]["mark"] as? String)
            positions[index].since = try #require(ends[index]["end"] as? Int)
        }
        return ends.contains { $0["more"] as? Bool == true }
    }

    /// Makes tenants `many-1` to `many-COUNT`, the first hundred with a domain.
    private func fill(_ vendor: String, _ count: Int) throws {
        let first = try backend.makeTenant("first", vendor: vendor)
        try backend.look(
            """
            INSERT INTO ringfence.tenants (id, vendor_id, external_id, name, tier)
            SELECT gen_random_uuid(), t.vendor_id, 'many-' || n, 'Many', 'GROWTH'
            FROM ringfence.tenants t, generate_series(1, \(count)) n WHERE t.id = '\(first.id)';
            INSERT INTO ringfence.domains (host, vendor_id, owner_id)
            SELECT external_id || '.\(vendor).example', vendor_id, id FROM ringfence.tenants
            WHERE vendor_id = (SELECT vendor_id FROM ringfence.tenants WHERE id = '\(first.id)')
            AND external_id ~ '^many-[0-9]{1,2}$';
            """)
    }

    @Test func `a directory of many pages is told whole, and each tenant as it is at the end`()
        throws
    {
        try fill(vendor, 10_000)
        // One statement or many, each row has a version of its own, and the newest is the head.
        let versions = try backend.look(
            """
            SELECT count(DISTINCT t.version) = count(*), max(t.version) = max(f.version)
            FROM ringfence.tenants t JOIN ringfence.feeds f USING (vendor_id)
            WHERE vendor_id = (SELECT vendor_id FROM ringfence.domains
                WHERE host = 'many-7.\(vendor).example')
            """)
        #expect(versions == "t|t")
        var positions = [Position(vendor: vendor)]
        var told: [String: [String: Any]] = [:]
        var (pages, lines) = (0, 0)
        var more = true
        while more, pages < 20 {
            let page = try page(positions)
            for line in page where line["tenant"] != nil {
                told[try #require(line["name"] as? String)] = line
                lines += 1
            }
            #expect(page.count <= Int(FeedRoom.rowsMax) + 2)
            #expect(page[0]["tenants"] as? Int == (pages == 0 ? 10_001 : nil))
            more = try advance(&positions, by: page)
            pages += 1
            // What was read ahead of its question is old by now, and the change comes later.
            guard pages == 1 else { continue }
            for name in ["many-4100", "many-9999"] {
                let change = #"{"state":"suspended","domains":["\#(name).\#(vendor).example"]}"#
                let answer = try backend.send(
                    "PATCH", "/v1/tenants/\(name)", body: change, as: .vendor(vendor))
                try #require(answer.status == 200, "\(answer.text)")
            }
        }
        #expect(pages == 3 && told.count == 10_001, "\(pages) pages, \(lines) lines")
        for name in ["many-4100", "many-9999"] {
            #expect(told[name]?["state"] as? String == "suspended")
            #expect(told[name]?["domains"] as? [String] == ["\(name).\(vendor).example"])
        }
        #expect(told["many-7"]?["domains"] as? [String] == ["many-7.\(vendor).example"])
        #expect(told["many-777"]?["domains"] == nil && told["many-777"]?["requests"] == nil)
    }

    @Test func `several vendors share one page`() throws {
        let other = "other-" + vendor
        try fill(vendor, 3_000)
        try fill(other, 3_000)
        var positions = [Position(vendor: vendor), Position(vendor: other)]
        var names: [String: Int] = [:]
        var pages = 0
        var more = true
        while more, pages < 20 {
            let page = try page(positions)
            // A gateway takes so much and no more, however many vendors it has.
            #expect(page.count <= Int(FeedRoom.rowsMax) + 4)
            var section = ""
            for line in page {
                section = line["vendor"] as? String ?? section
                if let name = line["name"] as? String {
                    names["\(section) \(name)", default: 0] += 1
                }
            }
            more = try advance(&positions, by: page)
            pages += 1
        }
        #expect(pages == 2 && names.count == 6_002 && names.values.allSatisfy { $0 == 1 })
    }

    @Test func `what was read ahead is for who has heard the page before it, and has a seal`()
        throws
    {
        try fill(vendor, 5_000)
        var positions = [Position(vendor: vendor)]
        #expect(try advance(&positions, by: page(positions)))
        var wrong = positions
        wrong[0].mark = UUID().uuidString.lowercased()
        #expect(try page(wrong)[0]["reset"] as? Bool == true)
        #expect(try advance(&positions, by: page([Position(vendor: vendor)])))
        let secret = "Authorization: Bearer \(RunningBackend.feedSecret)"
        let target = "/feed?wait=0" + positions[0].question
        #expect(try backend.feed(target, fields: [secret]).status == 401)
        let end = try #require(try page(positions).last)
        #expect(end["more"] as? Bool == false)
    }

    /// Asks for everything a vendor has, again and again, until it is told to end.
    private final class Reader: Sendable {
        private let isOver = Mutex(false)
        private let ended = DispatchSemaphore(value: 0)

        init(_ backend: RunningBackend, _ target: String) {
            Thread { [self] in
                while !isOver.withLock({ $0 }) { _ = try? backend.feed(target) }
                ended.signal()
            }.start()
        }

        func end() {
            isOver.withLock { $0 = true }
            _ = ended.wait(timeout: .now() + Patience.seconds)
        }
    }

    @Test func `news come also while others ask without a pause`() throws {
        _ = try backend.makeTenant("acme", vendor: vendor)
        let other = "other-" + vendor
        _ = try backend.makeTenant("acme", vendor: other)
        var positions = [Position(vendor: other)]
        _ = try advance(&positions, by: page(positions))
        let target = "/feed?wait=0&vendor=\(vendor)&since=0&head=0&mark="
        let readers = (0..<3).map { _ in Reader(backend, target) }
        defer { for reader in readers { reader.end() } }
        // The quickest counts: a busy machine makes some late, and none earlier.
        var quickest = Double.infinity
        for number in 0..<10 where quickest > 6 {
            let start = Date()
            DispatchQueue(label: "late").asyncAfter(deadline: .now() + 0.5) { [backend] in
                _ = try? backend.makeTenant("globex\(number)", vendor: other)
            }
            var news = try page(positions, wait: 8_000)
            for _ in 0..<15 where news.count == 2 { news = try page(positions, wait: 8_000) }
            quickest = min(quickest, Date().timeIntervalSince(start))
            #expect(news.count == 3 && news[1]["name"] as? String == "globex\(number)")
            _ = try advance(&positions, by: news)
        }
        #expect(quickest <= 6, "held for 8 seconds, whatever there was")
    }
}
