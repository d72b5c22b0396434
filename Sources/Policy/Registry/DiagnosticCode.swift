/// Every error and warning about a policy file, in one list. Diagnostics, `ringfence help CODE` and
/// docs/codes.md read it; the compiler refuses a code given twice or left without an entry.
///
/// E10xx: the file as YAML. E12xx: its shape. E13xx: its meaning. W20xx: accepted and doubtful.
/// Each section's entries are in a file of their own.
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
    case testCredentialUnfit = "E1407"
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
        case .syntax: .syntax
        case .encoding: .encoding
        case .anchor: .anchor
        case .tag: .tag
        case .mergeKey: .mergeKey
        case .severalDocuments: .severalDocuments
        case .duplicateKey: .duplicateKey
        case .tooDeep: .tooDeep
        case .tooManyNodes: .tooManyNodes
        case .fileTooLarge: .fileTooLarge
        case .scalarTooLong: .scalarTooLong
        case .complexKey: .complexKey
        case .directive: .directive
        case .emptyFile: .emptyFile
        case .unsafeCharacter: .unsafeCharacter
        case .fileUnreadable: .fileUnreadable
        case .wrongKind: .wrongKind
        case .missingKey: .missingKey
        case .notAvailable: .notAvailable
        case .unknownKey: .unknownKey
        case .invalidValue: .invalidValue
        case .outOfRange: .outOfRange
        case .unknownWord: .unknownWord
        case .missingValue: .missingValue
        case .emptyList: .emptyList
        case .repeatedItem: .repeatedItem
        case .unsupportedVersion: .unsupportedVersion
        case .literalSecret: .literalSecret
        case .reservedName: .reservedName
        case .unknownReference: .unknownReference
        case .duplicateRouteName: .duplicateRouteName
        case .equalRoutes: .equalRoutes
        case .reasonMissing: .reasonMissing
        case .algorithmMismatch: .algorithmMismatch
        case .issuerKeys: .issuerKeys
        case .tiersMissing: .tiersMissing
        case .cleartextListener: .cleartextListener
        case .tierUnreachable: .tierUnreachable
        case .vendorKeyMissing: .vendorKeyMissing
        case .reservedField: .reservedField
        case .duplicateTenantID: .duplicateTenantID
        case .fallbackMissing: .fallbackMissing
        case .sameAddress: .sameAddress
        case .materialInvalid: .materialInvalid
        case .exceptedName: .exceptedName
        case .staleBeforeRefresh: .staleBeforeRefresh
        case .privateKeySource: .privateKeySource
        case .discoveryIssuer: .discoveryIssuer
        case .reservedType: .reservedType
        case .feedMissing: .feedMissing
        case .feedSecretMissing: .feedSecretMissing
        case .duplicateDomain: .duplicateDomain
        case .unknownFeature: .unknownFeature
        case .tooManyFeatures: .tooManyFeatures
        case .featureWithoutTenant: .featureWithoutTenant
        case .unlimitedRoute: .unlimitedRoute
        case .limitWithoutTenant: .limitWithoutTenant
        case .adminNotUnix: .adminNotUnix
        case .includeUnmatched: .includeUnmatched
        case .duplicateDefinition: .duplicateDefinition
        case .includedTwice: .includedTwice
        case .includeBounds: .includeBounds
        case .mainFileOnly: .mainFileOnly
        case .overlayKeyUnknown: .overlayKeyUnknown
        case .overrideUnknown: .overrideUnknown
        case .roleUnknowable: .roleUnknowable
        case .credentialsNotTogether: .credentialsNotTogether
        case .keysUnknown: .keysUnknown
        case .placeUnfit: .placeUnfit
        case .sessionsUnfit: .sessionsUnfit
        case .certificatesUnfit: .certificatesUnfit
        case .internalIssuer: .internalIssuer
        case .tenantsUnknown: .tenantsUnknown
        case .scopesUnknowable: .scopesUnknowable
        case .hostPatternUnknown: .hostPatternUnknown
        case .upstreamCertificate: .upstreamCertificate
        case .testCodeUnknown: .testCodeUnknown
        case .testTokenUnknown: .testTokenUnknown
        case .testExpectsNothing: .testExpectsNothing
        case .testNameRepeated: .testNameRepeated
        case .testContradiction: .testContradiction
        case .testTokenIssuer: .testTokenIssuer
        case .testCredentialUnfit: .testCredentialUnfit
        case .sealUnsent: .sealUnsent
        case .environmentSecret: .environmentSecret
        case .injectedNameNotCovered: .injectedNameNotCovered
        case .ineffective: .ineffective
        case .openRoute: .openRoute
        case .opaqueBody: .opaqueBody
        case .cleartextUpstream: .cleartextUpstream
        case .unused: .unused
        case .assertionMissing: .assertionMissing
        case .assertedWithoutCredential: .assertedWithoutCredential
        case .trustsEveryone: .trustsEveryone
        case .cleartextBackend: .cleartextBackend
        case .materialMissing: .materialMissing
        case .secretReadable: .secretReadable
        case .shadowedRoute: .shadowedRoute
        case .unsaidGraphQL: .unsaidGraphQL
        case .allowedTenantUnknown: .allowedTenantUnknown
        case .unspokenTenant: .unspokenTenant
        case .unboundIssuer: .unboundIssuer
        case .cleartextFeed: .cleartextFeed
        case .wideOrigin: .wideOrigin
        case .longLifetime: .longLifetime
        case .certificateEnding: .certificateEnding
        case .methodOverridable: .methodOverridable
        case .audienceUnknown: .audienceUnknown
        case .keysForNobody: .keysForNobody
        case .sessionsWithoutOrigins: .sessionsWithoutOrigins
        case .sealMissing: .sealMissing
        }
    }
}
