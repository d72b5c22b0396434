extension GuardScript {
    /// `ringfence.tenant()` and `ringfence.vendor()`, which policies and defaults ask. They are
    /// parsed when they are made, so no search path can change their meaning, and are inlined: a
    /// policy costs what a plain comparison costs and can use the keys. Run as the owner of
    /// schema `ringfence`.
    ///
    /// - Parameter callers: who may call them, the guard's owner among them: whoever reads a table
    ///   with policies, and whoever writes one with such a default.
    public func context(callers: [String]) -> String {
        functions + """
            GRANT USAGE ON SCHEMA ringfence TO \(callers.joined(separator: ", "));
            GRANT EXECUTE ON FUNCTION ringfence.tenant(), ringfence.vendor()
                TO \(callers.joined(separator: ", "));

            """
    }

    private var functions: String {
        func function(_ name: String, _ body: String) -> String {
            """
            CREATE OR REPLACE FUNCTION ringfence.\(name)() RETURNS uuid
                LANGUAGE sql STABLE PARALLEL SAFE RETURN \(body);

            """
        }
        return switch mode {
        case .sealed:
            function("tenant", Self.slotPart(1)) + function("vendor", Self.slotPart(2))
        case .statement:
            function("tenant", "ringfence_guard.verified('t'::text)")
                + function("vendor", "ringfence_guard.verified('v'::text)")
        case .plain:
            function("tenant", Self.setting("app.current_tenant"))
                + function("vendor", Self.setting("app.current_vendor"))
        }
    }

    /// nullif: outside any transaction of ours the setting is the empty text or absent, which must
    /// mean "nobody" and not an error that poisons a session.
    private static func setting(_ name: String) -> String {
        "nullif(pg_catalog.current_setting('\(name)'::text, true), ''::text)::uuid"
    }

    private static func slotPart(_ number: Int) -> String {
        "nullif(pg_catalog.split_part(pg_catalog.current_setting('\(slot)'::text), ','::text, "
            + "\(number)), ''::text)::uuid"
    }

    /// What `enter` does with a valid seal, and what reads it back.
    var entering: String {
        """
        CREATE OR REPLACE FUNCTION ringfence_guard.mode() RETURNS text
            LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN '\(mode.rawValue)'::text;

        CREATE OR REPLACE FUNCTION ringfence_guard.enter(seal text) RETURNS void
            LANGUAGE plpgsql VOLATILE SECURITY DEFINER
            SET search_path TO 'pg_catalog', 'pg_temp' AS $$
        DECLARE
            subject text := substr(seal, 8, 36);
            tenant text := CASE substr(seal, 7, 1) WHEN 't' THEN subject ELSE '' END;
            vendor text := CASE substr(seal, 7, 1) WHEN 'v' THEN subject ELSE '' END;
        \(entry)
        END
        $$;

        CREATE OR REPLACE FUNCTION ringfence_guard.verified(scope text) RETURNS uuid
            LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
            SET search_path TO 'pg_catalog', 'pg_temp' AS $$
        DECLARE
            held text := current_setting('app.seal', true);
            wanted record;
        BEGIN
            IF held IS NULL OR held = '' THEN
                RETURN NULL;
            END IF;
            IF length(held) = 117 THEN
                IF NOT ringfence_guard.is_valid(held) THEN
                    \(Self.rejection)
                END IF;
                RETURN CASE WHEN substr(held, 7, 1) = scope THEN substr(held, 8, 36)::uuid END;
            END IF;
            -- A vendor that acts for a tenant: `act_as` has put both and a proof in the place of
            -- the vendor's seal, which SQL inside the tenant is not to find. The proof is of this
            -- very transaction, in which the audit row was written.
            wanted := ringfence_guard.sign('ringfence-act|' || current_database() || '|'
                || coalesce(pg_current_xact_id_if_assigned()::text, '') || '|'
                || substr(held, 1, 72));
            IF length(held) <> 136 OR substr(held, 73) <> wanted.mac THEN
                \(Self.rejection)
            END IF;
            RETURN substr(held, CASE scope WHEN 'v' THEN 1 ELSE 37 END, 36)::uuid;
        END
        $$;

        """
    }

    /// One text and one SQLSTATE for whatever is wrong with a seal.
    static let rejection = "RAISE EXCEPTION 'seal rejected' USING errcode = '28000';"

    /// In every mode a second, different subject in one transaction is refused, and the settings of
    /// mode `plain` are set too, for whatever reads those.
    private var entry: String {
        let announce = """
            PERFORM set_config('app.current_tenant', tenant, true),
                    set_config('app.current_vendor', vendor, true);
            """
        switch mode {
        case .sealed:
            return """
                    held text := current_setting('\(Self.slot)');
                    value text := replace(tenant, '-', '') || ',' || replace(vendor, '-', '');
                BEGIN
                    IF NOT ringfence_guard.is_valid(seal) OR held NOT IN ('', value) THEN
                        \(Self.rejection)
                    END IF;
                    PERFORM set_config('\(Self.slot)', value, true);
                    \(announce)
                """
        case .statement:
            return """
                    held text := coalesce(current_setting('app.seal', true), '');
                BEGIN
                    IF NOT ringfence_guard.is_valid(seal) OR held <> '' AND (
                        length(held) <> 117 OR substr(held, 7, 37) <> substr(seal, 7, 37))
                    THEN
                        \(Self.rejection)
                    END IF;
                    PERFORM set_config('app.seal', seal, true);
                    \(announce)
                """
        case .plain:
            return """
                    held text := coalesce(current_setting('app.current_tenant', true), '') || ','
                        || coalesce(current_setting('app.current_vendor', true), '');
                BEGIN
                    IF NOT ringfence_guard.is_valid(seal)
                        OR held NOT IN (',', tenant || ',' || vendor)
                    THEN
                        \(Self.rejection)
                    END IF;
                    \(announce)
                """
        }
    }

    // MARK: Acting for a tenant

    /// `act_as` and `leave`, over `ringfence.tenants` and `ringfence.audit`. They run with the
    /// guard's rights under the policies of the tables, so they see one vendor's tenants and write
    /// in one tenant like anybody else.
    public var acting: String {
        """
        CREATE OR REPLACE FUNCTION ringfence_guard.act_as(
            tenant uuid, reason text, audit_id uuid, actor text, action text, request_id uuid,
            detail json) RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
            SET search_path TO 'pg_catalog', 'pg_temp' AS $$
        DECLARE
            vendor uuid := ringfence.vendor();
            held text;
        BEGIN
            IF vendor IS NULL OR ringfence.tenant() IS NOT NULL THEN
                \(Self.rejection)
            END IF;
            IF reason IS NULL OR reason !~ '[^[:space:]]' THEN
                RAISE EXCEPTION 'acting for a tenant needs a reason' USING errcode = '23514';
            END IF;
            IF NOT EXISTS (SELECT FROM ringfence.tenants AS t
                WHERE t.id = act_as.tenant AND t.vendor_id = vendor)
            THEN
                RAISE EXCEPTION 'no such tenant of this vendor' USING errcode = '42501';
            END IF;
            \(crossing)
            PERFORM set_config('app.current_tenant', act_as.tenant::text, true);
            INSERT INTO ringfence.audit
                (tenant_id, id, vendor_id, actor, action, reason, request_id, detail)
            VALUES (act_as.tenant, act_as.audit_id, vendor, act_as.actor, act_as.action,
                act_as.reason, act_as.request_id, act_as.detail);
        END
        $$;

        -- An earlier version asked for no seal.
        DROP FUNCTION IF EXISTS ringfence_guard.leave();

        CREATE OR REPLACE FUNCTION ringfence_guard.leave(seal text) RETURNS void
            LANGUAGE plpgsql VOLATILE SECURITY DEFINER
            SET search_path TO 'pg_catalog', 'pg_temp' AS $$
        DECLARE
            vendor uuid := ringfence.vendor();
        BEGIN
            IF \(leavingRefused) THEN
                \(Self.rejection)
            END IF;
            -- One that SQL prepared inside the tenant may stand under the name of the next one of
            -- the vendor's.
            PERFORM 1 / (NOT EXISTS (
                SELECT FROM pg_prepared_statement() WHERE from_sql))::integer;
            \(returning)
            PERFORM set_config('app.current_tenant', '', true);
        END
        $$;

        """
    }

    /// Back to the vendor goes who has the vendor's seal: SQL injected while it acts has not.
    private var leavingRefused: String {
        switch mode {
        case .sealed, .statement:
            """
            vendor IS NULL OR NOT ringfence_guard.is_valid(seal)
                        OR substr(seal, 7, 37) <> 'v' || vendor::text
            """
        case .plain: "vendor IS NULL"
        }
    }

    private var crossing: String {
        switch mode {
        case .sealed:
            """
            PERFORM set_config('\(Self.slot)', replace(act_as.tenant::text, '-', '') || ','
                        || replace(vendor::text, '-', ''), true);
            """
        case .statement:
            // pg_current_xact_id() gives the transaction its number, which the proof is bound to.
            """
            held := vendor::text || act_as.tenant::text;
                    held := held || (ringfence_guard.sign('ringfence-act|' || current_database()
                        || '|' || pg_current_xact_id()::text || '|' || held)).mac;
                    PERFORM set_config('app.seal', held, true);
            """
        case .plain: ""
        }
    }

    private var returning: String {
        switch mode {
        case .sealed:
            """
            PERFORM set_config('\(Self.slot)', ',' || replace(vendor::text, '-', ''), true);
            """
        case .statement:
            "PERFORM set_config('app.seal', seal, true);"
        case .plain: ""
        }
    }
}
