import Compression
import HTTP1
import HTTPTransport
import Policy
import Reactor
import Telemetry

/// Routes in shadow: bodies are held to be judged and go on as they came, whatever the verdict, and
/// what was found is told in the log and in the metrics. docs/shadow.md has the whole of it.
extension GatewayWorker {
    /// Whether a body is held: to be judged, or to be signed. Nothing of it is a reason to refuse.
    func holdsBodyInShadow(
        _ exchange: Exchange, _ route: RouteRule, _ bytes: Span<UInt8>, isSigned: Bool
    ) -> Bool {
        var report = exchange.observation.shadow ?? ShadowReport()
        if route.judgesBodies {
            do throws(Refusal) {
                _ = try bodyContentType(bytes, for: route.bodies)
                exchange.bodyCoding = try bodyCoding(bytes)
                exchange.bodyIsJudged = true
            } catch {
                report.refuseBody(error)
            }
        } else {
            report.passBody()
        }
        var isHeld = isSigned || exchange.bodyIsJudged
        if case .length(let count) = requestHead.framing,
            count > UInt64(route.policy.body.bytesMax)
        {
            if exchange.bodyIsJudged {
                report.refuseBody(.requestBodyTooLarge)
                report.passBody()
            }
            exchange.bodyIsJudged = false
            isHeld = false
        }
        exchange.bodyIsStreamed = !isHeld
        exchange.observation.shadow = report
        return isHeld
    }

    /// Passes on a body that turned out not to be held whole: what is there of it now, the rest as
    /// it comes.
    ///
    /// - Parameter refusal: what enforcing would have answered, where that is known.
    func letGo(_ exchange: Exchange, _ refusal: Refusal?) -> Step {
        if exchange.bodyIsJudged {
            if let refusal { exchange.observation.shadow?.refuseBody(refusal) }
            exchange.observation.shadow?.passBody()
        }
        exchange.bodyIsJudged = false
        exchange.bodyIsStreamed = true
        finishCollecting(exchange)
        return .moved
    }

    /// Gives back the memory of a held body that has been handed on.
    func dropHeldBody(_ exchange: Exchange) {
        exchange.body = ByteBuffer(capacityMax: 0)
        exchange.bodySent = 0
        gateway.bodyMemory.give(exchange.bodyMemory)
        exchange.bodyMemory = 0
    }

    /// Judges a whole body; what that takes of memory is given back at once.
    func judgeBody(_ exchange: Exchange, _ route: RouteRule, _ head: borrowing ByteBuffer) {
        guard exchange.bodyIsJudged, !exchange.body.isEmpty else { return }
        let held = exchange.bodyMemory
        defer {
            gateway.bodyMemory.give(exchange.bodyMemory - held)
            exchange.bodyMemory = held
        }
        var report = exchange.observation.shadow ?? ShadowReport()
        do throws(Refusal) {
            try judgeBody(exchange, route, head.readable, &report)
        } catch {
            // No memory is no verdict: another moment there may be some.
            if error == .requestBodyBudget { report.passBody() } else { report.refuseBody(error) }
        }
        exchange.observation.shadow = report
    }

    private func judgeBody(
        _ exchange: Exchange, _ route: RouteRule, _ head: Span<UInt8>,
        _ report: inout ShadowReport
    ) throws(Refusal) {
        let (type, text) = try bodyContentType(head, for: route.bodies)
        var decoded = ByteBuffer(capacityMax: exchange.bodyBytesMax)
        if let coding = exchange.bodyCoding {
            try decodeBody(exchange, coding, into: &decoded)
        }
        let room =
            exchange.bodyCoding == nil
            ? Self.judgedRoom(exchange.body, route, type) : Self.judgedRoom(decoded, route, type)
        let document =
            exchange.bodyCoding == nil
            ? Self.documentRoom(of: exchange.body, type) : Self.documentRoom(of: decoded, type)
        guard takeMemory(room + document.bytesCharged, for: exchange) else {
            throw .requestBodyBudget
        }
        bodyScratch.reserve(document)
        var scrap = ByteBuffer(capacityMax: room)
        let tenant = exchange.caller?.principal?.externalID
        if exchange.bodyCoding == nil {
            Self.judge(
                exchange.body, route, type, head[text], tenant, &bodyScratch, &scrap, &report)
        } else {
            Self.judge(decoded, route, type, head[text], tenant, &bodyScratch, &scrap, &report)
        }
    }

    private static func judgedRoom(
        _ body: borrowing ByteBuffer, _ route: RouteRule, _ type: ContentType
    ) -> Int {
        body.count + route.judgedGrowthMax(of: body.readable, as: type)
    }

    private static func judge(
        _ body: borrowing ByteBuffer, _ route: RouteRule, _ type: ContentType,
        _ text: Span<UInt8>, _ tenant: ExternalID?, _ scratch: inout BodyScratch,
        _ scrap: inout ByteBuffer, _ report: inout ShadowReport
    ) {
        route.judgeBody(
            body.readable, as: type, text, tenant: tenant, &scratch, scrap: &scrap,
            report: &report)
    }

    /// Judges the head of the upstream's response.
    func judgeResponse(
        _ exchange: Exchange, _ route: RouteRule, _ input: borrowing ByteBuffer
    ) {
        var report = exchange.observation.shadow ?? ShadowReport()
        route.judgeResponse(responseHead, input.readable, report: &report)
        exchange.observation.shadow = report
    }

    /// `"shadow":["overridden:query_tenant:2","refused:query_tenant:tenant.conflict"]`; an empty
    /// list says that enforcing would have changed nothing.
    func writeShadow(_ report: ShadowReport, _ line: inout LogLine) {
        line.beginList("shadow")
        for carrier in ShadowReport.Carrier.allCases {
            for outcome in ShadowReport.Outcome.allCases {
                let count = report.count(carrier, outcome)
                guard count > 0 else { continue }
                shadowText.removeAll()
                shadowText.append(outcome.name)
                shadowText.append(":")
                shadowText.append(carrier.name)
                shadowText.append(":")
                if outcome == .refused, let refusal = report.refusal {
                    shadowText.append(refusal.code)
                } else {
                    shadowText.append(decimal: UInt64(count))
                }
                Self.write(shadowText, &line)
            }
        }
        line.endList()
    }

    private static func write(_ text: borrowing ByteBuffer, _ line: inout LogLine) {
        line.element(text.readable)
    }
}
