extension GuardScript {
    /// Keys, work and the functions over them; run as the role that is to own them.
    public var core: String {
        """
        \(Self.tables)
        \(Self.sealing)
        \(entering)
        \(Self.clearing)
        \(Self.keyKeeping)
        \(Self.working)
        \(Self.crossing)
        """
    }

    /// - Of a key only the two pads of HMAC (RFC 2104 §2) are kept: they verify and mint like the
    ///   key, with a hash less each time.
    /// - `work` and `crossings` are touched by functions and by one role, never by a tenant's
    ///   statement.
    private static let tables = """
        CREATE TABLE IF NOT EXISTS ringfence_guard.keys (
            kid text COLLATE "C" PRIMARY KEY CHECK (kid ~ '^[a-z0-9]{4}$'),
            ipad bytea NOT NULL CHECK (octet_length(ipad) = 64),
            opad bytea NOT NULL CHECK (octet_length(opad) = 64),
            not_before timestamptz NOT NULL,
            not_after timestamptz NOT NULL
        );

        CREATE TABLE IF NOT EXISTS ringfence_guard.work (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
            kind text COLLATE "C" NOT NULL CHECK (octet_length(kind) BETWEEN 1 AND 64),
            row_id uuid NOT NULL,
            available_at timestamptz NOT NULL,
            leased_until timestamptz,
            attempts integer NOT NULL DEFAULT 0,
            PRIMARY KEY (tenant_id, id)
        );
        CREATE INDEX IF NOT EXISTS work_to_do ON ringfence_guard.work (kind, available_at);

        CREATE TABLE IF NOT EXISTS ringfence_guard.crossings (
            id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
            at timestamptz NOT NULL DEFAULT now(),
            login name NOT NULL DEFAULT session_user,
            reason text NOT NULL CHECK (reason ~ '[^[:space:]]'),
            actor text,
            request_id uuid,
            detail json
        );

        """

    /// What a seal must be (117 characters): `s1`, the key's id, `t` or `v`, the UUID, the second
    /// it expires, and the HMAC over the database's name and all that. The form is checked before
    /// anything is read out of it, so that nothing can fail in another way than by "no".
    static let sealForm =
        "^s1[a-z0-9]{4}[tv][0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
        + "[0-9]{10}[0-9a-f]{64}$"

    /// Called by the definers below only, which have fixed the search path.
    private static let sealing = """
        CREATE OR REPLACE FUNCTION ringfence_guard.is_valid(seal text) RETURNS boolean
            LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
        DECLARE
            inner_pad bytea;
            outer_pad bytea;
            present bigint := pg_catalog.floor(extract(epoch FROM pg_catalog.now()))::bigint;
            expiry bigint;
        BEGIN
            IF (seal OPERATOR(pg_catalog.~) '\(sealForm)') IS NOT TRUE THEN
                RETURN false;
            END IF;
            expiry := pg_catalog.substr(seal, 44, 10)::bigint;
            IF expiry <= present OR expiry > present + \(sealSecondsMax) THEN
                RETURN false;
            END IF;
            SELECT k.ipad, k.opad INTO inner_pad, outer_pad FROM ringfence_guard.keys AS k
            WHERE k.kid = pg_catalog.substr(seal, 3, 4)
            AND k.not_before <= pg_catalog.now() AND k.not_after > pg_catalog.now();
            RETURN FOUND AND pg_catalog.sha256(outer_pad || pg_catalog.sha256(inner_pad
                || pg_catalog.convert_to('ringfence-seal|' || pg_catalog.current_database() || '|'
                    || pg_catalog.substr(seal, 1, 53), 'UTF8')))
                = pg_catalog.decode(pg_catalog.substr(seal, 54, 64), 'hex');
        END
        $$;

        -- With the database's own key, which never leaves it.
        CREATE OR REPLACE FUNCTION ringfence_guard.sign(message text, OUT kid text, OUT mac text)
            LANGUAGE plpgsql STABLE AS $$
        DECLARE
            inner_pad bytea;
            outer_pad bytea;
        BEGIN
            SELECT k.kid, k.ipad, k.opad INTO kid, inner_pad, outer_pad
            FROM ringfence_guard.keys AS k
            WHERE pg_catalog.starts_with(k.kid, 'db')
            AND k.not_before <= pg_catalog.now() AND k.not_after > pg_catalog.now()
            ORDER BY k.not_before DESC, k.kid DESC LIMIT 1;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'the database has no key of its own'
                    USING errcode = '55000', hint = 'Run ringfence-backend db migrate.';
            END IF;
            message := pg_catalog.replace(message, '????', kid);
            mac := pg_catalog.encode(pg_catalog.sha256(outer_pad || pg_catalog.sha256(inner_pad
                || pg_catalog.convert_to(message, 'UTF8'))), 'hex');
        END
        $$;

        CREATE OR REPLACE FUNCTION ringfence_guard.mint(tenant uuid, seconds integer) RETURNS text
            LANGUAGE plpgsql STABLE AS $$
        DECLARE
            body text := 's1????t' || tenant::text || pg_catalog.to_char(
                pg_catalog.floor(extract(epoch FROM pg_catalog.now()))::bigint + seconds,
                'FM0000000000');
            signed record;
        BEGIN
            signed := ringfence_guard.sign(
                'ringfence-seal|' || pg_catalog.current_database() || '|' || body);
            RETURN pg_catalog.replace(body, '????', signed.kid) || signed.mac;
        END
        $$;

        """

    /// Installing takes pads, never a key: what a statement log or an error could repeat is still
    /// secret, so callers send them as parameters.
    private static let keyKeeping = """
        CREATE OR REPLACE FUNCTION ringfence_guard.install_key(
            kid text, ipad bytea, opad bytea, not_before timestamptz, not_after timestamptz)
            RETURNS void LANGUAGE plpgsql SECURITY DEFINER
            SET search_path TO 'pg_catalog', 'pg_temp' AS $$
        BEGIN
            IF starts_with(kid, 'db') THEN
                RAISE EXCEPTION 'ids that begin with db are the database''s own'
                    USING errcode = '22023';
            END IF;
            -- Keys of proofs live for minutes; nothing made with an old one is valid anywhere.
            DELETE FROM ringfence_guard.keys AS k
            WHERE starts_with(k.kid, 'pr') AND k.not_after <= now();
            INSERT INTO ringfence_guard.keys VALUES (kid, ipad, opad, not_before, not_after);
        END
        $$;

        CREATE OR REPLACE FUNCTION ringfence_guard.list_keys()
            RETURNS TABLE (kid text, not_before timestamptz, not_after timestamptz, state text)
            LANGUAGE sql STABLE SECURITY DEFINER
            SET search_path TO 'pg_catalog', 'pg_temp' AS $$
            SELECT k.kid, k.not_before, k.not_after,
                CASE WHEN k.not_after <= now() THEN 'retired'
                    WHEN k.not_before > now() THEN 'not yet' ELSE 'valid' END
            FROM ringfence_guard.keys AS k ORDER BY k.not_before, k.kid
        $$;

        -- A retired key stays, so that its id is not given again.
        CREATE OR REPLACE FUNCTION ringfence_guard.retire_key(retired text, at timestamptz)
            RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
            SET search_path TO 'pg_catalog', 'pg_temp' AS $$
        BEGIN
            UPDATE ringfence_guard.keys AS k SET not_after = least(k.not_after, at)
            WHERE k.kid = retired;
            RETURN FOUND;
        END
        $$;

        DO $own$
        DECLARE
            secret bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
                || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
            inner_pad bytea := decode(repeat('36', 64), 'hex');
            outer_pad bytea := decode(repeat('5c', 64), 'hex');
            made integer;
        BEGIN
            LOCK TABLE ringfence_guard.keys IN SHARE ROW EXCLUSIVE MODE;
            SELECT count(*) INTO made FROM ringfence_guard.keys WHERE starts_with(kid, 'db');
            IF EXISTS (SELECT FROM ringfence_guard.keys
                WHERE starts_with(kid, 'db') AND not_after > now())
            THEN
                RETURN;
            END IF;
            FOR place IN 0..31 LOOP
                inner_pad := set_byte(inner_pad, place,
                    get_byte(inner_pad, place) # get_byte(secret, place));
                outer_pad := set_byte(outer_pad, place,
                    get_byte(outer_pad, place) # get_byte(secret, place));
            END LOOP;
            INSERT INTO ringfence_guard.keys VALUES ('db' || to_char(made % 100, 'FM00'),
                inner_pad, outer_pad, now(), 'infinity');
        END
        $own$;

        """

    /// Work of tenants for processes that serve nobody's request. `claim` alone looks at all
    /// tenants' work; what it answers opens only the tenants whose work it gave away, and only for
    /// as long as the lease lasts.
    private static let working = """
        CREATE OR REPLACE FUNCTION ringfence_guard.enqueue(
            kind text, row_id uuid, available_at timestamptz) RETURNS uuid
            LANGUAGE sql VOLATILE SECURITY DEFINER
            SET search_path TO 'pg_catalog', 'pg_temp' AS $$
            INSERT INTO ringfence_guard.work (tenant_id, kind, row_id, available_at)
            VALUES (ringfence.tenant(), $1, $2, coalesce($3, now())) RETURNING id
        $$;

        CREATE OR REPLACE FUNCTION ringfence_guard.finish(work_id uuid) RETURNS boolean
            LANGUAGE plpgsql SECURITY DEFINER
            SET search_path TO 'pg_catalog', 'pg_temp' AS $$
        BEGIN
            DELETE FROM ringfence_guard.work AS w
            WHERE w.tenant_id = ringfence.tenant() AND w.id = work_id;
            RETURN FOUND;
        END
        $$;

        CREATE OR REPLACE FUNCTION ringfence_guard.claim(kind text, most integer, lease interval)
            RETURNS TABLE (work_id uuid, row_id uuid, seal text)
            LANGUAGE plpgsql SECURITY DEFINER
            SET search_path TO 'pg_catalog', 'pg_temp' AS $$
        #variable_conflict use_column
        DECLARE
            seconds integer;
        BEGIN
            IF most NOT BETWEEN 1 AND 1000 OR lease NOT BETWEEN '1 s' AND '1 h'
                OR most IS NULL OR lease IS NULL
            THEN
                RAISE EXCEPTION 'claim takes 1 to 1000 rows for 1 second to 1 hour'
                    USING errcode = '22023';
            END IF;
            seconds := least(extract(epoch FROM lease)::integer, \(sealSecondsMax));
            RETURN QUERY
            WITH due AS (
                SELECT w.tenant_id, w.id FROM ringfence_guard.work AS w
                WHERE w.kind = claim.kind AND w.available_at <= now()
                AND (w.leased_until IS NULL OR w.leased_until <= now())
                ORDER BY w.available_at, w.id LIMIT most FOR UPDATE SKIP LOCKED
            ), taken AS (
                UPDATE ringfence_guard.work AS w
                SET leased_until = now() + lease, attempts = w.attempts + 1
                FROM due WHERE w.tenant_id = due.tenant_id AND w.id = due.id
                RETURNING w.tenant_id, w.id, w.row_id
            )
            SELECT taken.id, taken.row_id, ringfence_guard.mint(taken.tenant_id, seconds)
            FROM taken;
        END
        $$;

        """

    /// The one way to write into `crossings`: the server says when and by which login.
    private static let crossing = """
        CREATE OR REPLACE FUNCTION ringfence_guard.note_crossing(reason text, actor text)
            RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
            SET search_path TO 'pg_catalog', 'pg_temp' AS $$
        BEGIN
            IF (reason ~ '[^[:space:]]' AND actor ~ '[^[:space:]]') IS NOT TRUE THEN
                RAISE EXCEPTION 'a crossing needs a reason and a person' USING errcode = '23514';
            END IF;
            INSERT INTO ringfence_guard.crossings (reason, actor)
            VALUES (note_crossing.reason, note_crossing.actor);
        END
        $$;

        """
}
