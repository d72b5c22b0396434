import ArgumentParser

/// How the gateway is reached as a vendor.
struct VendorOptions: ParsableArguments {
    @Option(help: "The gateway, https://HOST:PORT; RINGFENCE_URL without it.") var url: String?
    @Option(help: "Certificates to trust; RINGFENCE_CA without it.", completion: .file())
    var ca: String?
    @Option(help: "The vendor's key; VENDOR_KEY without it.", completion: .file())
    var vendorKeyFile: String?
    @Flag(help: "Print JSON.") var json = false
}

struct TenantWord: ParsableCommand {
    static let configuration = describe(
        "tenant", "Manage tenants, through the gateway with the vendor's key.",
        synopsis: "tenant create|list|show|suspend|resume|tier|domain [OPTIONS]",
        subcommands: [
            Create.self, List.self, Show.self, Suspend.self, Resume.self, Tier.self, Domain.self,
        ])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a tenant.")
        @Argument(help: "Its external id.") var id: String
        @Option(help: "Its tier.") var tier: String
        @Option(help: "Its name.") var name: String?
        @Option(help: "Its own limit, as in 2500/min.") var requests: String?
        @OptionGroup var vendor: VendorOptions
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all tenants.")
        @OptionGroup var vendor: VendorOptions
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a tenant.")
        @Argument(help: "Its external id.") var id: String
        @OptionGroup var vendor: VendorOptions
    }

    struct Suspend: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Refuse a tenant's requests, open ones included.")
        @Argument(help: "Its external id.") var id: String
        @OptionGroup var vendor: VendorOptions
    }

    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take them again.")
        @Argument(help: "Its external id.") var id: String
        @OptionGroup var vendor: VendorOptions
    }

    struct Tier: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Change a tenant's tier.")
        @Argument(help: "Its external id.") var id: String
        @Argument(help: "The tier.") var tier: String
        @Option(help: "Its own limit, as in 2500/min, or none.") var requests: String?
        @OptionGroup var vendor: VendorOptions
    }

    struct Domain: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a tenant a domain, or take one away.")
        @Argument(help: "add or remove.", completion: .list(["add", "remove"])) var verb: String
        @Argument(help: "Its external id.") var id: String
        @Argument(help: "The domain.") var domain: String
        @OptionGroup var vendor: VendorOptions
    }
}

struct KeyWord: ParsableCommand {
    static let configuration = describe(
        "key", "Manage tenants' API keys, and create keys of issuers and of assertions.",
        synopsis: "key create TENANT | list TENANT | revoke TENANT KEY, or\n"
            + "       ringfence key create --algorithm A --private FILE [--public FILE]",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an API key, shown once; with --algorithm write a key of an issuer.")
        @Argument(help: "The tenant's external id.") var tenant: String?
        @Option(help: "What it is called.") var name: String?
        @Option(help: "What it may do.") var scope: [String] = []
        @Option(help: "The role of who uses it.") var role: String?
        @Option(help: "When it ends.") var expires: String?
        @Option(help: "Of an issuer's key.") var algorithm: String?
        @Option(name: .customLong("private"), help: "The private key.", completion: .file())
        var privateFile: String?
        @Option(name: .customLong("public"), help: "The public key.", completion: .file())
        var publicFile: String?
        @Flag(help: "Replace a private key that is there.") var force = false
        @OptionGroup var vendor: VendorOptions
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List a tenant's API keys.")
        @Argument(help: "The tenant's external id.") var tenant: String
        @OptionGroup var vendor: VendorOptions
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revoke an API key.")
        @Argument(help: "The tenant's external id.") var tenant: String
        @Argument(help: "The key's id.") var key: String
        @OptionGroup var vendor: VendorOptions
    }
}
