import TestSupport
import Testing

@Suite struct `Every row of the catalogue` {
    @Test(arguments: Catalogue.tested)
    func `holds in the clear`(_ row: Case) throws {
        let run = try Run.plain.get()
        let defects = run.defects(of: row)
        if !defects.isEmpty { Issue.record(Comment(rawValue: run.report(of: row, defects))) }
    }

    @Test(arguments: Catalogue.tested.filter(\.isForTLS))
    func `holds under TLS`(_ row: Case) throws {
        let run = try Run.secure.get()
        let defects = run.defects(of: row)
        if !defects.isEmpty { Issue.record(Comment(rawValue: run.report(of: row, defects))) }
    }

    @Test(arguments: Catalogue.pending)
    func `that is pending still fails`(_ row: Case) throws {
        let run = try Run.plain.get()
        let words = "\(row.id) holds now: take `pending` off. \(row.sentWords)"
        #expect(!run.defects(of: row).isEmpty, Comment(rawValue: words))
    }

    @Test func `accounts for every request the upstream saw`() throws {
        for run in [try Run.plain.get(), try Run.secure.get()] {
            let lines = run.strays.map { Report.escaped(Sighting.text($0.bytes)) }
            #expect(lines.isEmpty, "requests that no row's client has sent")
        }
    }

    @Test func `leaves the gateway without a word of complaint`() throws {
        for run in [try Run.plain.get(), try Run.secure.get()] {
            #expect(run.bench.gateway.end == nil)
            #expect(!run.bench.gateway.errorOutput.contains("Fatal error"))
        }
    }
}
