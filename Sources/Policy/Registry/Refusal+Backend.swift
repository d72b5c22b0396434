/// The backend's own answers.
extension Refusal.Entry {
    static let assertionMissing = Self(
        code: "assertion.missing", status: 401,
        title: "The gateway's assertion is required",
        help: """
            This service takes requests only through the gateway; they carry a \
            Ringfence-Assertion field.
            """)

    static let assertionInvalid = Self(
        code: "assertion.invalid", status: 401,
        title: "The gateway's assertion is not valid",
        help: """
            The assertion is expired, forged, for another audience, or does not belong to \
            this request.
            """)

    static let assertionReplayed = Self(
        code: "assertion.replayed", status: 401,
        title: "The request was seen before",
        help: """
            Each assertion is accepted once.
            """)

    static let assertionSeal = Self(
        code: "assertion.seal", status: 401,
        title: "The gateway's seal is required",
        help: """
            The database behind this service takes a tenant from the gateway's seal only. The \
            assertion holds none, or one of another tenant or vendor.
            """)

    static let scopeRequired = Self(
        code: "scope.required", status: 403,
        title: "The credential has the wrong scope",
        help: """
            This endpoint needs a vendor credential, or a tenant's.
            """)

    static let resourceNotFound = Self(
        code: "resource.not_found", status: 404,
        title: "Not found",
        help: """
            It is not there, or it is not yours; the two answers are the same.
            """)

    static let resourceConflict = Self(
        code: "resource.conflict", status: 409,
        title: "It exists already",
        help: """
            A resource with this name exists with other content.
            """)

    static let resourceLimit = Self(
        code: "resource.limit", status: 409,
        title: "There is no room for more",
        help: """
            The vendor, or the tenant, has as many as the backend keeps for one; `detail` says of \
            what. Nothing was changed. Remove some, or ask the operator for a larger bound \
            (`directory` in backend.yaml). Keys and tokens that are void take room until the time \
            of `directory.keep` is over; the names of deleted tenants stay taken for ever.
            """)

    static let inputInvalid = Self(
        code: "input.invalid", status: 422,
        title: "The input is not valid",
        help: """
            A field of the body or a parameter is missing, has the wrong type, or is out \
            of bounds; `detail` names it.
            """)

    static let inputMalformed = Self(
        code: "input.malformed", status: 400,
        title: "The body is not valid JSON",
        help: """
            The body must be one strict JSON object in UTF-8 (RFC 8259) without duplicate \
            keys.
            """)

    static let inputType = Self(
        code: "input.type", status: 415,
        title: "The content type is not supported",
        help: """
            Send `Content-Type: application/json`.
            """)

    static let databaseUnavailable = Self(
        code: "database.unavailable", status: 503,
        title: "The database cannot be reached",
        help: """
            No database connection was available; nothing was changed. Try again.
            """)

    static let databaseTimeout = Self(
        code: "database.timeout", status: 503,
        title: "The database did not answer in time",
        help: """
            The deadline of the request passed before its transaction was committed.
            """)

    static let databaseSeal = Self(
        code: "database.seal", status: 503,
        title: "The database does not take the gateway's seal",
        help: """
            Nothing was read or written. The key the gateway seals with is not, or no longer, \
            one of the database's, or their clocks differ by more than a seal lives: the \
            operator installs the current key (`ringfence-backend db seal-key list`).
            """)
}
