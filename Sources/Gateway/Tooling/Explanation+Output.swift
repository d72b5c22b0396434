import JSON
import Policy
import Reactor

extension Explanation {
    /// Columns that the text of a step takes before its place is moved further right.
    private static let columnsMax = 72

    /// For people: a line for each step, the decision last.
    func text() -> String {
        let shown = steps.map { ($0, places.text($0.mark)) }
        let fitting = shown.filter { $0.1 != nil }.map(\.0.text.count)
        let width = fitting.filter { $0 <= Self.columnsMax }.max() ?? 0
        var out = ""
        for (number, (step, place)) in shown.enumerated() {
            out += " \(number + 1) \(Self.padded(step.name.rawValue, 9))  "
            guard let place else {
                out += step.text + "\n"
                continue
            }
            out += "\(Self.padded(step.text, width))  \(place)\n"
        }
        return out + verdict + "\n"
    }

    private var verdict: String {
        switch decision.outcome {
        case .forward: return "decision: FORWARD"
        case .answer: return "decision: ANSWER \(result.status)"
        case .refuse:
            let code = decision.refusal.map { "\($0.code)" } ?? ""
            return "decision: REFUSE \(decision.status) \(code)  (ringfence help \(code))"
        }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// For programs: one object.
    func json() -> String {
        var out = JSONWriter()
        out.beginObject()
        out.key("v")
        out.integer(1)
        out.key("decision")
        out.string(decision.outcome.rawValue)
        out.key("status")
        if decision.outcome == .forward { out.null() } else { out.integer(Int(decision.status)) }
        out.key("code")
        write(decision.refusal.map { "\($0.code)" }, to: &out)
        out.key("check")
        write(decision.defect ?? decision.violation, to: &out)
        out.key("route")
        write(route?.name, to: &out)
        writeSteps(to: &out)
        writeTenant(to: &out)
        writeStripped(to: &out)
        writeSent(to: &out)
        out.endObject()
        return String(decoding: out.bytes, as: UTF8.self)
    }

    private func write(_ text: String?, to out: inout JSONWriter) {
        if let text { out.string(text) } else { out.null() }
    }

    private func writeSteps(to out: inout JSONWriter) {
        out.key("steps")
        out.beginArray()
        for step in steps {
            out.beginObject()
            out.key("step")
            out.string(step.name.rawValue)
            out.key("text")
            out.string(step.text)
            out.key("refused")
            out.boolean(step.isRefused)
            let place = places.file(step.mark)
            out.key("file")
            write(place?.path, to: &out)
            out.key("line")
            if let place { out.integer(place.line) } else { out.null() }
            out.endObject()
        }
        out.endArray()
    }

    private func writeTenant(to out: inout JSONWriter) {
        let principal = decision.caller?.principal
        out.key("tenant")
        write(principal?.externalID.text, to: &out)
        out.key("tenant_id")
        write(principal?.tenant.text, to: &out)
        out.key("tier")
        write(principal.map { String(decoding: $0.tierName, as: UTF8.self) }, to: &out)
        out.key("remaining")
        if let tightest = decision.standings.tightest {
            out.integer(Int(decision.standings[tightest].remaining))
        } else {
            out.null()
        }
    }

    private func writeStripped(to out: inout JSONWriter) {
        out.key("stripped")
        out.beginArray()
        for item in decision.stripped {
            out.beginObject()
            out.key("carrier")
            out.string(item.carrier.rawValue)
            out.key("name")
            out.string(item.name)
            out.key("reason")
            out.string("\(item.reason.name)")
            out.endObject()
        }
        out.endArray()
    }

    private func writeSent(to out: inout JSONWriter) {
        out.key("sent")
        guard let sent = result.sent else { return out.null() }
        out.beginObject()
        out.key("upstream")
        out.string(policy.upstreams[decision.upstream].name)
        out.key("address")
        out.string(targetText)
        out.key("method")
        out.string(sent.method)
        out.key("target")
        out.string(sent.target)
        out.key("headers")
        out.beginArray()
        for field in sent.fields {
            out.beginArray()
            out.string(field.name)
            out.string(field.value)
            out.endArray()
        }
        out.endArray()
        out.key("body_bytes")
        out.integer(sent.body.count)
        out.endObject()
    }
}
