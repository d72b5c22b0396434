/// Every error and warning about a policy file, in one list. Diagnostics, `ringfence help CODE` and
/// docs/codes.md read it; the compiler refuses a code given twice or left without an entry.
///
/// E10xx: the file as YAML. E12xx: its shape. E13xx: its meaning. W20xx: accepted and doubtful.
/// Codes are contracts: a retired number is never used again.
public enum DiagnosticCode: String, CaseIterable, Sendable {
    case syntax = "E1001"
    case encoding = "E1002"
    case anchor = "E1003"
    case tag = "E1004"
    case mergeKey = "E1005"
    case severalDocuments = "E1006"
    case duplicateKey = "E1007"
    case tooDeep = "E1008"
    case tooManyNodes = "E1009"
    case fileTooLarge = "E1010"
    case scalarTooLong = "E1011"
    case complexKey = "E1012"
    case directive = "E1013"
    case emptyFile = "E1014"
    case unsafeCharacter = "E1015"
    case fileUnreadable = "E1016"
    case wrongKind = "E1201"
    case missingKey = "E1202"
    case notAvailable = "E1203"
    case unknownKey = "E1204"
    case invalidValue = "E1205"
    case outOfRange = "E1206"
    case unknownWord = "E1207"
    case missingValue = "E1208"
    case emptyList = "E1209"
    case repeatedItem = "E1210"
    case unsupportedVersion = "E1211"
    case literalSecret = "E1212"
    case reservedName = "E1213"
    case unknownReference = "E1301"
    case duplicateRouteName = "E1302"
    case equalRoutes = "E1303"
    case reasonMissing = "E1304"
    case algorithmMismatch = "E1305"
    case issuerKeys = "E1306"
    case tiersMissing = "E1307"
    case cleartextListener = "E1308"
    case tierUnreachable = "E1309"
    case vendorKeyMissing = "E1310"
    case reservedField = "E1311"
    case duplicateTenantID = "E1312"
    case fallbackMissing = "E1313"
    case sameAddress = "E1314"
    case materialInvalid = "E1315"
    case exceptedName = "E1316"
    case staleBeforeRefresh = "E1320"
    case privateKeySource = "E1321"
    case discoveryIssuer = "E1322"
    case reservedType = "E1323"
    case feedMissing = "E1330"
    case feedSecretMissing = "E1331"
    case duplicateDomain = "E1332"
    case unknownFeature = "E1340"
    case tooManyFeatures = "E1341"
    case featureWithoutTenant = "E1342"
    case unlimitedRoute = "E1343"
    case limitWithoutTenant = "E1344"
    case adminNotUnix = "E1350"
    case includeUnmatched = "E1360"
    case duplicateDefinition = "E1361"
    case includedTwice = "E1362"
    case includeBounds = "E1363"
    case mainFileOnly = "E1364"
    case overlayKeyUnknown = "E1365"
    case overrideUnknown = "E1366"
    case roleUnknowable = "E1367"
    case credentialsNotTogether = "E1380"
    case keysUnknown = "E1381"
    case placeUnfit = "E1382"
    case sessionsUnfit = "E1383"
    case certificatesUnfit = "E1384"
    case internalIssuer = "E1385"
    case tenantsUnknown = "E1386"
    case scopesUnknowable = "E1387"
    case hostPatternUnknown = "E1388"
    case upstreamCertificate = "E1389"
    case testCodeUnknown = "E1401"
    case testTokenUnknown = "E1402"
    case testExpectsNothing = "E1403"
    case testNameRepeated = "E1404"
    case testContradiction = "E1405"
    case testTokenIssuer = "E1406"
    case sealUnsent = "E1600"
    case environmentSecret = "W2001"
    case injectedNameNotCovered = "W2002"
    case ineffective = "W2003"
    case openRoute = "W2004"
    case opaqueBody = "W2005"
    case cleartextUpstream = "W2006"
    case unused = "W2007"
    case assertionMissing = "W2008"
    case assertedWithoutCredential = "W2009"
    case trustsEveryone = "W2010"
    case cleartextBackend = "W2011"
    case materialMissing = "W2012"
    case secretReadable = "W2013"
    case shadowedRoute = "W2014"
    case unsaidGraphQL = "W2015"
    case allowedTenantUnknown = "W2020"
    case unspokenTenant = "W2021"
    case unboundIssuer = "W2022"
    case cleartextFeed = "W2025"
    case wideOrigin = "W2040"
    case longLifetime = "W2041"
    case certificateEnding = "W2042"
    case methodOverridable = "W2043"
    case audienceUnknown = "W2044"
    case keysForNobody = "W2050"
    case sessionsWithoutOrigins = "W2051"
    case sealMissing = "W2052"

    /// What the list says about one code.
    public struct Entry: Sendable {
        /// One line, without the particulars.
        public let title: StaticString
        /// What it means and what to do, for `ringfence help CODE`.
        public let help: StaticString
    }

    public var title: StaticString { entry.title }
    public var help: StaticString { entry.help }

    /// Read off the code, so that the two cannot disagree.
    public var severity: Diagnostic.Severity {
        rawValue.utf8.first == UInt8(ascii: "E") ? .error : .warning
    }

    public var entry: Entry {
        switch self {
        case .syntax:
            Entry(
                title: "The file is not valid YAML",
                help: """
                    The text could not be read as YAML at the place shown. Most often a space is \
                    missing after a colon, the indentation changed, a bracket or a quote is not \
                    closed, or a tab was used for indentation (YAML takes spaces only). Put a \
                    value in quotes when it holds `: ` or ` #`, or begins with a bracket, a brace, \
                    a backquote or one of & * ! | > % @.
                    """)
        case .encoding:
            Entry(
                title: "The file is not UTF-8",
                help: """
                    Policy files are UTF-8. Save the file as UTF-8; UTF-16 and Latin-1 are not \
                    read.
                    """)
        case .anchor:
            Entry(
                title: "Anchors and aliases are not allowed",
                help: """
                    `&name` and `*name` let one line change the meaning of another far away, so \
                    that a review of a route does not show what it does. Write the value out where \
                    it is used. A value that begins with & or * needs quotes.
                    """)
        case .tag:
            Entry(
                title: "Tags are not allowed",
                help: """
                    `!tag` changes how a value is read. Every value of a policy is text until its \
                    key asks for a number or a word, so there is nothing to tag. A value that \
                    begins with ! needs quotes.
                    """)
        case .mergeKey:
            Entry(
                title: "Merge keys are not allowed",
                help: """
                    `<<` brings in keys that are not visible at the place. Write the keys out.
                    """)
        case .severalDocuments:
            Entry(
                title: "The file holds more than one document",
                help: """
                    A policy file is one YAML document; a second `---` would be read by some tools \
                    and skipped by others. Split the file.
                    """)
        case .duplicateKey:
            Entry(
                title: "The same key is given twice",
                help: """
                    Which of two equal keys counts depends on the reader, so neither does. Delete \
                    one.
                    """)
        case .tooDeep:
            Entry(
                title: "The file is nested too deeply",
                help: """
                    Values may be nested 32 deep; no policy needs more than eight.
                    """)
        case .tooManyNodes:
            Entry(
                title: "The file holds too many values",
                help: """
                    A policy file may hold 100,000 keys and values.
                    """)
        case .fileTooLarge:
            Entry(
                title: "The file is too large",
                help: """
                    A policy file may have 1 MiB. Tenants in larger numbers do not belong in a \
                    file.
                    """)
        case .scalarTooLong:
            Entry(
                title: "A value is too long",
                help: """
                    One key or value may have 64 KiB.
                    """)
        case .complexKey:
            Entry(
                title: "A key is not plain text",
                help: """
                    Keys are non-empty text; a list or a mapping cannot be a key. Braces around a \
                    template (`{name}`) need quotes.
                    """)
        case .directive:
            Entry(
                title: "YAML directives are not allowed",
                help: """
                    `%YAML` and `%TAG` lines change how the rest of the file is read. Delete the \
                    line.
                    """)
        case .emptyFile:
            Entry(
                title: "The file is empty",
                help: """
                    A missing policy never means defaults. Write at least `version: 1` and what \
                    the file is for.
                    """)
        case .unsafeCharacter:
            Entry(
                title: "A character has more than one reading",
                help: """
                    Control characters, the line separators U+0085, U+2028 and U+2029, a byte \
                    order mark inside the text and the characters that turn the direction of \
                    writing are refused: a file must mean what it looks like. Delete the \
                    character.
                    """)
        case .fileUnreadable:
            Entry(
                title: "A file cannot be read",
                help: """
                    The policy, or a file it names, is missing or may not be read by this user. A \
                    missing file never means defaults.
                    """)
        case .wrongKind:
            Entry(
                title: "A value has the wrong form",
                help: """
                    The key takes a text, a list or a mapping, and something else was written. A \
                    list is `[a, b]` or lines beginning with `- `; a mapping is `{key: value}` or \
                    indented `key: value` lines.
                    """)
        case .missingKey:
            Entry(
                title: "A required key is missing",
                help: """
                    The mapping cannot be understood without the key, and it has no default on \
                    purpose. Add it.
                    """)
        case .notAvailable:
            Entry(
                title: "Not available in this version",
                help: """
                    The key or value is planned and this version does not act on it, so it is \
                    refused instead of being accepted and ignored. Remove it, or run a version \
                    that has it.
                    """)
        case .unknownKey:
            Entry(
                title: "The key is unknown",
                help: """
                    The key is not one of those this mapping takes, and an ignored key is a rule \
                    that silently does not hold. Correct the spelling; keys of your own begin with \
                    `x-`. docs/policy.md lists all keys.
                    """)
        case .invalidValue:
            Entry(
                title: "A value cannot be understood",
                help: """
                    The value does not have the form the key asks for; the message says which. \
                    Durations are written 500ms, 5s, 1m or 24h; sizes 4096, 64KB (1000) or 64KiB \
                    (1024); rates 100/min; booleans true or false.
                    """)
        case .outOfRange:
            Entry(
                title: "A value is out of range",
                help: """
                    The value has the right form and lies outside what the key allows. The bounds \
                    exist so that later arithmetic and memory have bounds too.
                    """)
        case .unknownWord:
            Entry(
                title: "The word is not one of those allowed",
                help: """
                    The key takes one of a few words, written exactly so (case counts).
                    """)
        case .missingValue:
            Entry(
                title: "A key has no value",
                help: """
                    The key is followed by nothing. Nothing never means a default: write the \
                    value, or delete the key.
                    """)
        case .emptyList:
            Entry(
                title: "A list is empty",
                help: """
                    The list needs at least one item; an empty one would allow nothing, or \
                    everything.
                    """)
        case .repeatedItem:
            Entry(
                title: "An item is listed twice",
                help: """
                    The same item appears twice in one list. Delete one.
                    """)
        case .unsupportedVersion:
            Entry(
                title: "The file's version is not supported",
                help: """
                    This version reads policy files with `version: 1`.
                    """)
        case .literalSecret:
            Entry(
                title: "A secret is written into the policy",
                help: """
                    Policies are reviewed, copied and logged, so a secret in one is no secret. \
                    Name where it is: `file:PATH`, `cred:NAME` (systemd credential) or, for \
                    development, `env:NAME`. If the secret was real, replace it.
                    """)
        case .reservedName:
            Entry(
                title: "The name is reserved",
                help: """
                    The name has a meaning of its own in a policy, so nothing else may be called \
                    that.
                    """)
        case .unknownReference:
            Entry(
                title: "A name refers to nothing",
                help: """
                    A route, an issuer or a tenant names an issuer, upstream, tier or vendor that \
                    the policy does not define.
                    """)
        case .duplicateRouteName:
            Entry(
                title: "Two routes have the same name",
                help: """
                    Logs, metrics and `explain` name routes, so each name is used once.
                    """)
        case .equalRoutes:
            Entry(
                title: "Two routes match the same requests",
                help: """
                    The most specific path wins; these two have the same host and path and share a \
                    method, so neither wins. Change one, or split their methods.
                    """)
        case .reasonMissing:
            Entry(
                title: "A reason is required",
                help: """
                    Giving up a check is allowed when the policy says why: `auth: none` and \
                    `audience: none` need a `reason` beside them.
                    """)
        case .algorithmMismatch:
            Entry(
                title: "The algorithms do not fit the keys",
                help: """
                    HS algorithms sign and check with one shared secret; RS and ES check with a \
                    public key. A `secret` takes HS only; a key set fetched by https takes RS and \
                    ES only; a file takes one kind or the other. Allowing both for one key lets a \
                    public key be used as a secret.
                    """)
        case .issuerKeys:
            Entry(
                title: "An issuer needs exactly one source of keys",
                help: """
                    Give `jwks` (a PEM key or a JWK set, from a file or by https) or `secret` (a \
                    shared secret for HS algorithms), and not both.
                    """)
        case .tiersMissing:
            Entry(
                title: "No tiers are defined",
                help: """
                    Routes that act for a tenant are limited by its tier, and nothing is unlimited \
                    by omission. Define `tiers`, or a tier with `requests: unlimited`.
                    """)
        case .cleartextListener:
            Entry(
                title: "The listener would speak cleartext",
                help: """
                    Tokens would cross the network readable. Add `tls: {certificate: ..., key: \
                    ...}`, listen on a loopback address or a Unix socket, or say `tls: none` where \
                    something in front terminates TLS.
                    """)
        case .tierUnreachable:
            Entry(
                title: "Tokens of this issuer name no tier",
                help: """
                    With `tenants: {source: claims}` a tenant's tier comes from its token, so \
                    without `tier: {claim: ...}` every request of this issuer would be refused. \
                    Add it, or list tenants in a file.
                    """)
        case .vendorKeyMissing:
            Entry(
                title: "No vendor has a key",
                help: """
                    A route says `auth: vendor` and no vendor has a `key`, so nobody could ever \
                    use it. Add `vendors: {default: {key: file:...}}`.
                    """)
        case .reservedField:
            Entry(
                title: "The header cannot carry a tenant",
                help: """
                    The header has a meaning of its own: it frames the message, names the host, \
                    carries a credential, or is written by the gateway itself. Choose another, \
                    such as X-Tenant-ID.
                    """)
        case .duplicateTenantID:
            Entry(
                title: "Two tenants have the same id",
                help: """
                    The id is what limits, caches and rows are keyed by: two tenants with one id \
                    would share everything.
                    """)
        case .fallbackMissing:
            Entry(
                title: "A custom tier needs a fallback",
                help: """
                    `requests: custom` takes each tenant's own limit, and `fallback` is the limit \
                    of a tenant that has none. Without it such a tenant would be unlimited or \
                    refused; say which limit it has.
                    """)
        case .sameAddress:
            Entry(
                title: "Two listeners have the same address",
                help: """
                    Only one of them could be opened.
                    """)
        case .sealUnsent:
            Entry(
                title: "The seal reaches nobody",
                help: """
                    A seal is what a database learns the tenant by. It travels inside the \
                    gateway's assertion, so its upstreams must be in `assertion.to`; without \
                    `seal.to` it goes to those of them that have `echo: required`.
                    """)
        case .materialInvalid:
            Entry(
                title: "A key or certificate cannot be used",
                help: """
                    The file, variable or credential the policy names cannot be read or does not \
                    hold what it should. The message says what was found, never the content.
                    """)
        case .exceptedName:
            Entry(
                title: "A name cannot be excepted",
                help: """
                    `tenant: {except: [...]}` lists names that do not mean the tenant on this \
                    route. X-Tenant-ID, what the route injects and what it lists itself under \
                    `names` always do, and so does every name that is one of them to some \
                    framework (docs/tenant-names.md).
                    """)
        case .feedMissing:
            Entry(
                title: "A directory without a feed",
                help: """
                    `source: directory` follows the backend's directory, and `feed.address` says \
                    where: the address of `listen.feed` in backend.yaml.
                    """)
        case .feedSecretMissing:
            Entry(
                title: "A feed on TCP needs a secret",
                help: """
                    Whoever reaches the feed reads every tenant's name and every API key's digest, \
                    and whoever answers in its place decides who may do what. A Unix socket is \
                    guarded by its file's permissions; a TCP address needs `secret`, the same on \
                    both sides.
                    """)
        case .duplicateDomain:
            Entry(
                title: "A domain is given to two tenants",
                help: """
                    A host name belongs to one tenant. Names are compared without case and without \
                    a dot at the end.
                    """)
        case .includeUnmatched:
            Entry(
                title: "An include matches no file",
                help: """
                    `include` names files relative to the file it stands in; `*` in the last part \
                    stands for any characters but a leading dot. A pattern that matches nothing \
                    is most often a folder that was not copied: the policy would silently lack \
                    what it holds.
                    """)
        case .duplicateDefinition:
            Entry(
                title: "The same thing is defined in two files",
                help: """
                    The files of a policy make one: names of issuers, upstreams, tiers and the \
                    like are used once in all of them, and `assertion` and `limits` stand in one \
                    file. No order of files decides which definition counts. To change a value \
                    per environment, use an overlay (env/NAME.yaml).
                    """)
        case .includedTwice:
            Entry(
                title: "A file is included twice",
                help: """
                    A file that is included twice, or that includes itself by way of others, \
                    would define everything in it twice. Name it once; a pattern such as `*.yaml` \
                    also matches the file it stands in.
                    """)
        case .includeBounds:
            Entry(
                title: "Too many files are included",
                help: """
                    Files may be included 8 deep, and a policy may have 1,000 files.
                    """)
        case .mainFileOnly:
            Entry(
                title: "The key belongs into the main file",
                help: """
                    What holds for every route (`listen`, `trusted_proxies`, `tenants`, \
                    `tenant_names`) is set in the file that is run and in no other, so that \
                    nobody has to look for it.
                    """)
        case .overlayKeyUnknown:
            Entry(
                title: "An overlay sets a key that is not there",
                help: """
                    env/NAME.yaml changes values of keys that are written in the policy, and adds \
                    none: what a policy can mean is visible in it. Routes are named by `name`. \
                    Write the key into the policy, with the value it has elsewhere.
                    """)
        case .overrideUnknown:
            Entry(
                title: "A variable overrides nothing",
                help: """
                    RINGFENCE_A__B sets the key `b` of `a`; keys are written in capitals, `-` and \
                    `.` as `_`, routes by their name. Only keys that are written in the policy \
                    can be set, and exactly one must be meant. A variable that sets nothing stops \
                    the start, because somebody believes in it.
                    """)
        case .roleUnknowable:
            Entry(
                title: "The caller's role cannot be known",
                help: """
                    `roles` needs a credential that says a role: an issuer with `role: {claim: \
                    ...}`, or a directory that knows it. Elsewhere nobody would have one, and \
                    every request would be refused.
                    """)
        case .staleBeforeRefresh:
            Entry(
                title: "Keys would be too old before they are fetched again",
                help: """
                    `jwks_max_stale` says how long the last good key set counts, and \
                    `jwks_refresh` how often another is fetched. With the first below the second \
                    every token would be refused for a while between two fetches. Give \
                    `jwks_max_stale` several times the interval: it is for the hours in which the \
                    issuer does not answer.
                    """)
        case .privateKeySource:
            Entry(
                title: "The key set's server is not public",
                help: """
                    Keys are fetched from public addresses only, so that nobody who controls an \
                    issuer's name or its configuration document can make the gateway call \
                    something on its own network. Where the issuer really is inside, as a \
                    Keycloak in the same cluster is, say `jwks_private: true`.
                    """)
        case .discoveryIssuer:
            Entry(
                title: "The issuer cannot be discovered",
                help: """
                    `jwks: discover` reads `/.well-known/openid-configuration` below the issuer, \
                    so `issuer` has to be an https URL without query and fragment. For other \
                    issuers name the key set itself: `jwks: https://...`.
                    """)
        case .reservedType:
            Entry(
                title: "The type of token is one that only Ringfence makes",
                help: """
                    Types that begin with `ringfence-` are those of session tokens and other \
                    credentials of Ringfence's own. They have rules and keys of their own, and \
                    none may pass for an access token of an issuer (RFC 8725 section 3.12).
                    """)
        case .unknownFeature:
            Entry(
                title: "No tier has the feature",
                help: """
                    A route's `feature` is what a tenant's tier must have among its `features`. A \
                    feature no tier has would close the route to everybody. Add it to the tiers \
                    that have it, or correct its name.
                    """)
        case .tooManyFeatures:
            Entry(
                title: "Too many features",
                help: """
                    The tiers of a policy may name 64 different features.
                    """)
        case .featureWithoutTenant:
            Entry(
                title: "A feature is asked of nobody",
                help: """
                    `feature` is about the tier of the tenant a request acts for. On routes with \
                    `auth: none` or `auth: vendor` there is none, and the route would be open \
                    whatever the tiers say. Remove `feature`, or let an issuer name the tenant.
                    """)
        case .unlimitedRoute:
            Entry(
                title: "A route has no limit left",
                help: """
                    `limits: {tier: false}` takes a route's requests out of the tier's limits, so \
                    it needs a limit of its own: `requests: N/min`. Nothing is unlimited by \
                    omission.
                    """)
        case .limitWithoutTenant:
            Entry(
                title: "A limit counts nobody",
                help: """
                    A route's `limits` count the requests of each tenant. Routes with `auth: none` \
                    or `auth: vendor` act for none; what addresses may ask without a credential \
                    is `limits: {unauthenticated: {requests: N/min}}` of the whole policy.
                    """)
        case .adminNotUnix:
            Entry(
                title: "The admin listener is not a Unix socket",
                help: """
                    Whoever reaches `listen.admin` may reload and stop the gateway. So it listens \
                    on a Unix socket only (`unix:/run/ringfence/admin.sock`), which the \
                    permissions of its file guard.
                    """)
        case .testCodeUnknown:
            Entry(
                title: "A test expects a code that does not exist",
                help: """
                    `expect: {code: ...}` takes a code of a refusal, such as rate.limited; \
                    docs/codes.md lists them.
                    """)
        case .testTokenUnknown:
            Entry(
                title: "A test uses a token that it does not define",
                help: """
                    `request: {token: NAME}` takes a name of the file's own `tokens`. Every token \
                    is made for the test and signed with a key that only the test knows.
                    """)
        case .testExpectsNothing:
            Entry(
                title: "A test expects nothing",
                help: """
                    A case without an expectation cannot fail. Say at least what is decided: \
                    `expect: {decision: forward}`, or `expect: {status: 401}`.
                    """)
        case .testNameRepeated:
            Entry(
                title: "Two cases of a test file have the same name",
                help: """
                    Names are how a failed case is found, and what `--run` chooses by.
                    """)
        case .testContradiction:
            Entry(
                title: "A test expects what cannot be",
                help: """
                    A request that is refused is sent nowhere, and one that is forwarded has no \
                    code. Take one of the two out.
                    """)
        case .testTokenIssuer:
            Entry(
                title: "A test's token has no issuer, or two",
                help: """
                    A token is either a JWT of an `issuer` of the policy, with claims, or the key \
                    of a `vendor`, which has none.
                    """)
        case .environmentSecret:
            Entry(
                title: "A secret comes from the environment",
                help: """
                    The environment of a process is visible to its children, in crash reports and \
                    to whoever may inspect it. Use `file:` or `cred:` in production.
                    """)
        case .injectedNameNotCovered:
            Entry(
                title: "The injected name is not among the tenant names",
                help: """
                    This route writes the tenant under a name that is not part of `tenant_names`. \
                    The route itself removes what clients send under it; other routes to the same \
                    upstream do not. Add it to `tenant_names`. The last name of a JSON Pointer may \
                    be too common for that (`/owner/id`): the route then removes what clients send \
                    at this place of a JSON body, and nothing else called so.
                    """)
        case .ineffective:
            Entry(
                title: "The setting has no effect",
                help: """
                    The setting is understood, and nothing uses it where it stands. Remove it, or \
                    change what it depends on.
                    """)
        case .openRoute:
            Entry(
                title: "Everything is reachable without a credential",
                help: """
                    A route with `auth: none` matches every path that no other route takes, new \
                    endpoints of the upstream included. Name the public paths one by one.
                    """)
        case .opaqueBody:
            Entry(
                title: "Bodies pass without being cleaned",
                help: """
                    The route says `body: {clean: false}` or `body: {graphql: opaque}`: a tenant's \
                    name inside its bodies, or inside of GraphQL documents, reaches the upstream. \
                    That is right for bodies that cannot be cleaned, such as \
                    uploads, and where the upstream takes the tenant from X-Tenant-ID only.
                    """)
        case .cleartextUpstream:
            Entry(
                title: "The upstream is reached in cleartext",
                help: """
                    Requests cross the network with the tenant and the assertion readable and \
                    changeable. Use https, a Unix socket, or make sure that the network itself is \
                    protected.
                    """)
        case .unused:
            Entry(
                title: "The definition is not used",
                help: """
                    Nothing refers to it. That is often the other half of a misspelling.
                    """)
        case .assertionMissing:
            Entry(
                title: "The upstream gets no assertion",
                help: """
                    Without the gateway's signed assertion the upstream does not learn the vendor, \
                    or cannot know the tenant's id that `echo: required` asks for. Add the \
                    upstream to `assertion.to`.
                    """)
        case .assertedWithoutCredential:
            Entry(
                title: "The upstream will refuse this route",
                help: """
                    The upstream is listed in `assertion.to`, and a route with `auth: none` has \
                    nobody to assert: an upstream that requires the assertion answers 401.
                    """)
        case .trustsEveryone:
            Entry(
                title: "Every client is a trusted proxy",
                help: """
                    `trusted_proxies` covers all addresses, so that any client can claim any \
                    address in X-Forwarded-For. List the proxies' own networks.
                    """)
        case .cleartextBackend:
            Entry(
                title: "The backend listens in cleartext",
                help: """
                    Assertions keep the tenant from being changed, and bodies can still be read on \
                    the way. Listen on a Unix socket or a loopback address, or make sure that the \
                    network itself is protected.
                    """)
        case .materialMissing:
            Entry(
                title: "A file or secret is not on this machine",
                help: """
                    `check` could not read what the policy refers to, and so could not look into \
                    it. The gateway will not start without it. On the machine that runs the \
                    gateway this should not appear.
                    """)
        case .secretReadable:
            Entry(
                title: "A secret can be read by others",
                help: """
                    The file with a key or secret can be read by its group or by everybody. Give \
                    it to the user that runs the gateway and `chmod 600` it.
                    """)
        case .unsaidGraphQL:
            Entry(
                title: "A path looks like GraphQL, and the route does not say so",
                help: """
                    Documents of GraphQL are looked into only where a route says `body: {graphql: \
                    reject}` (or `reject-arguments`). Without it a document is a string like any \
                    other, and a tenant named in one reaches the upstream. Say `graphql: opaque` \
                    where that is right.
                    """)
        case .shadowedRoute:
            Entry(
                title: "A route only watches",
                help: """
                    With `tenant: {mode: shadow}` a client's own names for the tenant reach the \
                    upstream: in queries, cookies, paths, bodies and every header but the injected \
                    one. What would have been taken out or refused is counted in the access log \
                    and in the metrics. Remove the line when the counts are what you expect.
                    """)
        case .cleartextFeed:
            Entry(
                title: "The directory travels in cleartext",
                help: """
                    The feed speaks plain HTTP: its secret, tenants and the digests of API keys \
                    can be read and changed on the way. Prefer a Unix socket, or an address of \
                    the same machine behind a tunnel that encrypts.
                    """)
        case .wideOrigin:
            Entry(
                title: "A cross-origin permission is wide",
                help: """
                    Pages of an `http:` origin can be written by anybody between the browser and \
                    that server, and any program on a user's machine can serve a page from \
                    `localhost`. Such a page may then read what the route answers. List `https:` \
                    origins; keep development origins in an overlay (env/NAME.yaml).
                    """)
        case .longLifetime:
            Entry(
                title: "Tokens may live very long",
                help: """
                    A stolen token works until it expires: there is nothing to take it back. \
                    `max_lifetime` above a week deserves a second thought; issuers usually sign \
                    for minutes or hours.
                    """)
        case .certificateEnding:
            Entry(
                title: "A certificate has expired, or is about to",
                help: """
                    Clients refuse a certificate outside of its time, and its time ends within two \
                    weeks, has ended or has not begun. Replace the files and reload (SIGHUP).
                    """)
        case .audienceUnknown:
            Entry(
                title: "The backend waits for assertions that nobody makes",
                help: """
                    A backend takes assertions made out to its own `audience`, which is the name \
                    of an upstream of the gateway. The gateway.yaml in the same folder has no such \
                    upstream in `assertion.to`, so the backend would refuse every request.
                    """)
        case .sealMissing:
            Entry(
                title: "The backend waits for seals that nobody mints",
                help: """
                    The backend's database takes a tenant from a seal only (`database.context`), \
                    and the gateway.yaml in the same folder puts none into the assertions for it, \
                    so the backend would refuse every request. Make a key with \
                    `ringfence-backend db seal-key create` and name it in `assertion.seal.key`.
                    """)
        case .methodOverridable:
            Entry(
                title: "Roles can be stepped around",
                help: """
                    Many frameworks let a POST say that it is a DELETE (`_method` in a form, \
                    X-HTTP-Method-Override). Such words are taken out of requests whose bodies are \
                    cleaned. On this route they pass: bodies are opaque, or it only watches \
                    (`mode: shadow`). Clean its bodies, ask for the same roles with POST, or have \
                    the upstream check the role itself.
                    """)
        case .credentialsNotTogether:
            Entry(
                title: "Credentials that cannot be told apart",
                help: """
                    A route takes one kind of credential, or several that differ in form: access \
                    tokens of one issuer, API keys, sessions, certificates. `vendor`, `none` and \
                    `internal` mean requests of another kind and stand alone; two issuers would \
                    let a token choose whose keys check it.
                    """)
        case .keysUnknown:
            Entry(
                title: "API keys nobody can know",
                help: """
                    The digests of API keys are in the backend's directory, and \
                    `tenants.key_pepper` is what they were digested with. A route with `auth: \
                    api-key` needs `tenants: {source: directory}` and the pepper; files of \
                    tenants and tokens hold no keys.
                    """)
        case .placeUnfit:
            Entry(
                title: "A place that cannot name a tenant",
                help: """
                    `tenant.from` lists where a tenant is named that no credential names: with \
                    `auth: none` the host, `{tenant}` of the path, or a header or cookie that a \
                    trusted proxy wrote; with `auth: internal` also the query and the JSON body. \
                    What an anonymous client could write names nobody, and a place that is never \
                    read must not look as if it were.
                    """)
        case .sessionsUnfit:
            Entry(
                title: "Sessions that cannot be taken",
                help: """
                    `auth: session` needs `sessions` with the key of whoever makes them. Their \
                    `iss` is their own: an issuer with the same one would make two kinds of \
                    token that look alike (RFC 8725 section 3.12).
                    """)
        case .certificatesUnfit:
            Entry(
                title: "Certificates that cannot be taken",
                help: """
                    `auth: certificate` needs `listen.public.tls.client_ca`, so that clients are \
                    asked for one, and `certificates` with either `uri` or `dns`, so that \
                    exactly one name in it means the tenant.
                    """)
        case .internalIssuer:
            Entry(
                title: "An internal issuer is not one",
                help: """
                    Tokens of an issuer of `kind: internal` name no tenant: their callers do, \
                    with each request. So it has no `tenant` and no `tier`, and the word \
                    `internal` in `auth` means the only one there is; of several, write the \
                    name.
                    """)
        case .tenantsUnknown:
            Entry(
                title: "Tenants that have to be known are not",
                help: """
                    A host, a path, a certificate or an internal caller names a tenant, and the \
                    gateway looks up which one that is and of what tier. With `tenants: {source: \
                    claims}` only tokens say so. Use `source: directory` or `source: file:PATH`.
                    """)
        case .scopesUnknowable:
            Entry(
                title: "Scopes that nobody could be held to",
                help: """
                    A route's `scopes` are held against those of API keys, of sessions, and of \
                    tokens whose issuer says in which claim they are (`scope: {claim: scope}`). \
                    Certificates, vendor keys and requests without a credential have none.
                    """)
        case .hostPatternUnknown:
            Entry(
                title: "A host pattern that names nobody",
                help: """
                    `{tenant}` in `match.host` matches the names of `tenants.hosts`, which also \
                    say that whoever calls there must be that tenant. A pattern that is not \
                    listed there would match and compare nothing.
                    """)
        case .upstreamCertificate:
            Entry(
                title: "Half of a certificate",
                help: """
                    An upstream that asks for the gateway's certificate is shown `certificate`, \
                    whose private key is in `key`. One without the other is nothing.
                    """)
        case .keysForNobody:
            Entry(
                title: "API keys that nobody may use",
                help: """
                    API keys are for tenants whose tier has the feature `api-access`, and no \
                    tier has it: only tenants to whom the directory gives it themselves can use \
                    theirs.
                    """)
        case .sessionsWithoutOrigins:
            Entry(
                title: "Sessions' cookies can only read",
                help: """
                    Browsers send cookies along whoever asks for it. So a request that would \
                    change something, and whose credential is a cookie, needs an `Origin` that \
                    `sessions.origins` lists; without the list all of them are refused. Sessions \
                    in `Authorization` are not concerned.
                    """)
        case .allowedTenantUnknown:
            Entry(
                title: "An issuer may speak for a tenant that is not there",
                help: """
                    A name in `allow.tenants` is no tenant's, or none that a token of this issuer \
                    can name. It permits nothing now, and would permit whoever gets that name \
                    later. Most often it is misspelt.
                    """)
        case .unspokenTenant:
            Entry(
                title: "No issuer may speak for a tenant",
                help: """
                    The tenants file has the tenant, and the `allow` of every issuer of its \
                    vendor leaves out its name or its tier: every token that names it is refused \
                    with 403 `issuer.not_allowed`.
                    """)
        case .unboundIssuer:
            Entry(
                title: "One issuer may speak for everybody",
                help: """
                    Other issuers of the vendor are bound to tenants by `allow`, and this one is \
                    not: whoever controls it can act for their tenants too. Bind it as well, or \
                    give it a vendor of its own.
                    """)
        }
    }
}
