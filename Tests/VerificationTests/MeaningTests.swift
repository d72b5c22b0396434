import LocalPostgres
import TestSupport
import Testing

@testable import Verification

@Suite struct `What a schema may say otherwise` {
    /// A schema `app` with tables of tenants, each in canonical form.
    /// - Parameters:
    ///   - before: types and functions.
    ///   - tables: name and columns, of which the first is the tenant's.
    ///   - subject: what the policies compare it with.
    static func verified(
        _ before: String = "", _ tables: [(name: String, column: String, others: String)],
        subject: String, after: String = ""
    ) throws -> VerificationReport {
        let cluster = try PostgresCluster.shared()
        let database = try cluster.makeDatabase()
        var script = """
            REVOKE ALL ON SCHEMA public FROM PUBLIC;
            CREATE SCHEMA app;
            GRANT USAGE ON SCHEMA app TO \(database.runtime);
            \(before)
            """
        for (name, column, others) in tables {
            let key = column.prefix { $0 != " " }
            script += """

                CREATE TABLE \(name) (\(column) NOT NULL, id uuid NOT NULL, \(others)
                    PRIMARY KEY (\(key), id));
                ALTER TABLE \(name) ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
                CREATE POLICY floor ON \(name) AS RESTRICTIVE USING (\(key) = \(subject));
                CREATE POLICY open ON \(name) USING (\(key) = \(subject));
                GRANT SELECT, INSERT, UPDATE, DELETE ON \(name) TO \(database.runtime);
                """
        }
        script +=
            "\n"
            + after.split(separator: "{login}", omittingEmptySubsequences: false)
            .joined(separator: database.runtime)
        try cluster.run(sql: script, in: database)
        var options = VerificationOptions(login: DatabaseAddress(database.runtimeURL))
        options.tenantColumns = ["tenant_id", "tenantId"]
        options.context = .setting("app.current_tenant")
        return try Verifier.verify(options)
    }

    static let uuid = "nullif(current_setting('app.current_tenant', true), '')::uuid"
    static let text = "nullif(current_setting('app.current_tenant', true), '')"

    static func counting(_ report: VerificationReport) -> [String] {
        report.findings.filter { $0.severity > .notice }.map { "\($0.rule.rawValue) \($0.message)" }
    }

    static func attempt(
        _ rule: Rule, _ relation: String, in report: VerificationReport
    ) -> ProbeOutcome.Result? {
        report.probes.first { $0.probe == rule && $0.relation == relation }?.result
    }

    // MARK: Domains

    static let domains = """
        CREATE DOMAIN app.line AS text NOT NULL;
        CREATE DOMAIN app.title AS app.line;
        CREATE DOMAIN app.amount AS integer CHECK (VALUE IS NOT NULL AND VALUE > 100);
        """

    @Test func `what a domain refuses has not come to the policies and is no leak`() throws {
        let report = try Self.verified(
            Self.domains,
            [
                ("app.notes", "tenant_id uuid", "heading app.title, body app.line,"),
                ("app.sums", "tenant_id uuid", "total app.amount,"),
            ], subject: Self.uuid)
        #expect(report.exitCode == 0, "\(Self.counting(report))")
        // With something for each column the policies are asked.
        #expect(Self.attempt(.l1, "app.notes", in: report) == .passed)
        #expect(Self.attempt(.l1, "app.sums", in: report) == .skipped)
        #expect(Self.attempt(.t1, "app.sums", in: report) == .passed)
    }

    @Test func `behind domains a leak is one all the same`() throws {
        let report = try Self.verified(
            Self.domains, [("app.notes", "tenant_id uuid", "heading app.title, body app.line,")],
            subject: Self.uuid,
            after: "DROP POLICY floor ON app.notes; ALTER POLICY open ON app.notes USING (true);")
        #expect(report.exitCode == 5)
        #expect(Self.attempt(.l1, "app.notes", in: report) == .failed)
        #expect(Self.attempt(.t1, "app.notes", in: report) == .failed)
    }

    @Test(arguments: [
        ("CHECK (VALUE ~ '^[a-z]{2,8}$')", ProbeOutcome.Result.skipped), ("NOT NULL", .passed),
    ])
    func `the tenant column may be of a domain of texts`(
        _ constraint: String, _ insertion: ProbeOutcome.Result
    ) throws {
        let report = try Self.verified(
            "CREATE DOMAIN app.slug AS text \(constraint);",
            [("app.notes", "tenant_id app.slug", "")], subject: Self.text)
        #expect(report.exitCode == 0, "\(Self.counting(report))")
        #expect(Self.attempt(.t1, "app.notes", in: report) == .passed)
        #expect(Self.attempt(.l1, "app.notes", in: report) == insertion)
    }

    @Test(arguments: [("uuid", ""), ("integer", ""), ("bigint", "NOT NULL CHECK (VALUE > 0)")])
    func `the tenant column may be of a domain of another type`(
        _ type: String, _ constraint: String
    ) throws {
        let report = try Self.verified(
            """
            CREATE DOMAIN app.below AS \(type) \(constraint);
            CREATE DOMAIN app.tenant AS app.below;
            """, [("app.notes", "tenant_id app.tenant", "")],
            subject: "nullif(current_setting('app.current_tenant', true), '')::\(type)")
        #expect(report.exitCode == 0, "\(Self.counting(report))")
        #expect(report.relations.first?.policies.map(\.isCanonical) == [true, true])
        #expect(Self.attempt(.l1, "app.notes", in: report) == .passed)
    }

    // MARK: Names

    @Test func `the tenant column may need quotes`() throws {
        let report = try Self.verified(
            "", [("app.\"OrderItem\"", "\"tenantId\" uuid", "")], subject: Self.uuid,
            after: """
                DROP POLICY open ON app."OrderItem";
                CREATE POLICY open ON app."OrderItem" USING ((SELECT \(Self.uuid)) = "tenantId");
                CREATE VIEW app."MyItems" WITH (security_invoker = true) AS
                    SELECT "tenantId", id FROM app."OrderItem";
                GRANT SELECT ON app."MyItems" TO {login};
                """)
        #expect(report.exitCode == 0, "\(Self.counting(report))")
        #expect(
            report.relations.first { $0.relation == "app.\"OrderItem\"" }?.policies
                .map(\.isCanonical) == [true, true])
    }

    @Test(arguments: [
        ("", 0), ("SET search_path = ''", 0), ("SET search_path = pg_catalog, pg_temp", 0),
        ("SET search_path = app", 0), ("SET search_path = app, pg_catalog", 1),
    ])
    func `a function's text counts where its names can mean one thing only`(
        _ path: String, _ exitCode: Int32
    ) throws {
        let report = try Self.verified(
            """
            CREATE EXTENSION citext SCHEMA app;
            CREATE FUNCTION app.tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE \(path)
                AS $$ SELECT nullif(current_setting('app.current_tenant', true), '')::uuid $$;
            """, [("app.notes", "tenant_id uuid", "")], subject: "app.tenant()")
        #expect(report.exitCode == exitCode, "\(Self.counting(report))")
        #expect(
            report.findings.contains {
                $0.rule == .b8 && $0.message.contains("search path")
                    && $0.fix?.contains("RETURN") == true
            } == (exitCode == 1))
    }

    @Test func `a view may scan what came with the server`() throws {
        let report = try Self.verified(
            "", [("app.notes", "tenant_id uuid", "tags text[], \"more\" jsonb,")],
            subject: Self.uuid,
            after: """
                CREATE VIEW app.tags WITH (security_invoker = true) AS
                    SELECT n.tenant_id, n.id, tag, entry.key FROM app.notes n,
                    unnest(n.tags) AS tag, jsonb_each(n."more") AS entry;
                GRANT SELECT ON app.tags TO {login};
                """)
        #expect(report.exitCode == 0, "\(Self.counting(report))")
        #expect(Self.attempt(.l6, "app.tags", in: report) == .passed)
    }

    // MARK: The start of a session

    @Test func `a context in the connection string changes the fingerprint, an empty one nothing`()
        throws
    {
        let (_, plain) = try Verifying.clean()
        func given(_ setting: String) -> VerificationOptions {
            var options = plain
            options.login = DatabaseAddress(
                options.login.text + (options.login.text.contains("?") ? "&" : "?")
                    + "options=-c%20app.current_tenant%3D" + setting)
            return options
        }
        let preset = given("018f0000-0000-7000-8000-00000000000a")
        let report = try Verifier.verify(preset)
        #expect(report.exitCode == 5)
        #expect(
            report.findings.filter { $0.severity == .leak }.map {
                "\($0.rule.rawValue) \($0.object)"
            }
                == ["A8 setting app.current_tenant"])
        #expect(try Verifier.verify(given("")).exitCode == 0)
        // Roles are the whole cluster's, and other tests make some meanwhile.
        try eventually("two looks that agree, and a third that does not") {
            let before = try CatalogFingerprint.read(plain)
            let other = try CatalogFingerprint.read(preset)
            return try CatalogFingerprint.read(plain) == before && other != before
        }
    }
}
