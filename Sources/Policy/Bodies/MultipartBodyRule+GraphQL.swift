import HTTP1

// The parts of a form that a GraphQL server reads: `operations` and `map` of the GraphQL multipart
// request specification, `query` and `variables` of simpler ones.
extension MultipartBodyRule {
    /// Writes the head as it is and cleans what stands behind it, whatever type the part says it
    /// has: browsers send JSON in forms without one.
    func writeGraphQL(
        _ kind: GraphQLRule.Part, _ part: Span<UInt8>, headLength: Int, type: ContentType?,
        _ tenant: ExternalID?, _ scratch: inout BodyScratch, _ report: inout BodyReport,
        into out: inout ByteBuffer
    ) throws(Refusal) {
        guard type?.hasForeignCharset != true else { throw .requestBodyType }
        let content = part.extracting(headLength..<part.count)
        out.append(part.extracting(0..<headLength))
        guard content.count > 0 else { return }
        switch kind {
        case .document:
            try json.graphQL?.check(content)
            out.append(content)
        case .inputs:
            try json.forInputs.clean(
                content, as: .json, tenant: tenant, &scratch, into: &out, &report)
        case .operations:
            try json.clean(content, as: .json, tenant: tenant, &scratch, into: &out, &report)
        case .map:
            try json.checkPaths(content)
            try json.forInputs.clean(
                content, as: .json, tenant: tenant, &scratch, into: &out, &report)
        }
    }
}
