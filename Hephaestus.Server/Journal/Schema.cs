namespace Hephaestus.Server.Journal;

/// <summary>
/// The journal's tables. The version is SQLite's user_version: script N leads from version N to N+1, so that a later
/// table (an outbox, request ids) is one script more, and an older journal is brought up to date when it is opened.
/// </summary>
internal static class Schema
{
    /// <summary>SQLite's application_id of a journal: "HEPH".</summary>
    public const int ApplicationId = 0x48455048;

    /// <summary>The version that this program writes.</summary>
    public static int Version => Scripts.Length;

    /// <summary>The steps from an empty file to <see cref="Version"/>.</summary>
    public static string[] Scripts { get; } = [First, Outbox, Requests, Retention, SetAside, Audit];

    // What is to be told to Hermes, by the sequence number of the event that it tells of; refused: why it is set aside.
    private const string Outbox = """
        CREATE TABLE outbox (
          sequence INTEGER PRIMARY KEY,
          execution INTEGER NOT NULL,
          refused TEXT
        ) STRICT;
        CREATE INDEX outbox_waiting ON outbox (sequence) WHERE refused IS NULL;
        """;

    private const string Requests = """
        ALTER TABLE executions ADD COLUMN request_id TEXT;
        CREATE UNIQUE INDEX executions_by_request ON executions (request_id) WHERE request_id IS NOT NULL;
        """;

    // listed: neither dumped nor without its log; the indexes begin with what a list asks for, so that its newest are found
    // without looking at any that it does not ask for. A log goes in stages: 0 decided, 1 its directory is gone and events
    // go, 2 all is done; "through" is the newest event that the summary holds. numbers: "pruned" is the newest event that
    // went, "kept" and "kept_bytes" count the logs of ended executions.
    private const string Retention = """
        ALTER TABLE executions ADD COLUMN listed INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE executions ADD COLUMN log_kept INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE executions ADD COLUMN log_bytes INTEGER;
        UPDATE executions SET listed = 0 WHERE dumped <> 0;
        DROP INDEX executions_by_state;
        DROP INDEX executions_by_set;
        DROP INDEX executions_by_plan;
        DROP INDEX executions_listed;
        CREATE INDEX executions_by_state ON executions (listed, state);
        CREATE INDEX executions_by_set ON executions (set_name, listed, state);
        CREATE INDEX executions_by_plan ON executions (plan, listed, state);
        CREATE INDEX executions_by_set_plan ON executions (set_name, plan, listed, state);
        CREATE INDEX executions_listed ON executions (id) WHERE listed = 1;
        CREATE INDEX executions_kept ON executions (ended, id) WHERE ended IS NOT NULL AND log_kept = 1;
        CREATE INDEX executions_unmeasured ON executions (id) WHERE ended IS NOT NULL AND log_kept = 1 AND log_bytes IS NULL;

        CREATE TABLE removed_logs (
          execution INTEGER PRIMARY KEY,
          stage INTEGER NOT NULL,
          at INTEGER NOT NULL,
          why TEXT NOT NULL,
          through INTEGER NOT NULL,
          summary BLOB NOT NULL
        ) STRICT;
        CREATE INDEX removed_logs_unfinished ON removed_logs (execution) WHERE stage < 2;

        ALTER TABLE numbers ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE numbers ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE numbers ADD COLUMN kept_bytes INTEGER NOT NULL DEFAULT 0;
        UPDATE numbers SET kept = (SELECT count(*) FROM executions WHERE ended IS NOT NULL);
        """;

    // One entry an execution, and so one a key: a newer end would take the place of an older one, which then can never be
    // told after it.
    private const string SetAside = """
        ALTER TABLE outbox ADD COLUMN refused_at INTEGER;
        DELETE FROM outbox WHERE sequence NOT IN (SELECT max(sequence) FROM outbox GROUP BY execution);
        CREATE UNIQUE INDEX outbox_by_execution ON outbox (execution);
        CREATE INDEX outbox_set_aside ON outbox (sequence) WHERE refused IS NOT NULL;
        """;

    // Records are searched from the newest on, whatever filter is asked for. execution is what a call was about, made what it
    // began, status a number of gRPC; count is over 1 where calls that were refused again and again are not told one by one.
    private const string Audit = """
        CREATE TABLE audit (
          sequence INTEGER PRIMARY KEY,
          time INTEGER NOT NULL,
          who TEXT NOT NULL,
          origin TEXT NOT NULL,
          call TEXT NOT NULL,
          set_name TEXT NOT NULL,
          plan TEXT NOT NULL,
          execution INTEGER NOT NULL,
          request_id TEXT NOT NULL,
          text TEXT NOT NULL,
          status INTEGER NOT NULL,
          detail TEXT NOT NULL,
          made INTEGER NOT NULL,
          count INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX audit_by_time ON audit (time);
        CREATE INDEX audit_by_who ON audit (who, time);
        CREATE INDEX audit_by_set ON audit (set_name, time);
        CREATE INDEX audit_refused ON audit (time) WHERE status <> 0;
        """;

    // AUTOINCREMENT: an id is never given out again, not even after the newest row was deleted.
    // Texts are kept once: a plan that runs each minute is the same text half a million times a year.
    // numbers: event numbers up to "reserved" may have been given out; "synced" only gives a sync something to write.
    private const string First = """
        CREATE TABLE plan_texts (
          id INTEGER PRIMARY KEY,
          hash BLOB NOT NULL UNIQUE,
          text BLOB NOT NULL
        ) STRICT;

        CREATE TABLE executions (
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          set_name TEXT NOT NULL,
          plan TEXT NOT NULL,
          tag_id TEXT NOT NULL,
          file TEXT NOT NULL,
          plan_text INTEGER NOT NULL,
          instance TEXT NOT NULL,
          boot_id TEXT NOT NULL,
          accepted INTEGER NOT NULL,
          state INTEGER NOT NULL,
          ended INTEGER,
          dumped INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        CREATE INDEX executions_by_state ON executions (state);
        CREATE INDEX executions_by_set ON executions (set_name, state);
        CREATE INDEX executions_by_plan ON executions (plan, state);
        CREATE INDEX executions_listed ON executions (id) WHERE dumped = 0;

        CREATE TABLE events (
          sequence INTEGER PRIMARY KEY,
          execution INTEGER NOT NULL,
          payload BLOB NOT NULL
        ) STRICT;
        CREATE INDEX events_by_execution ON events (execution);

        CREATE TABLE numbers (
          reserved INTEGER NOT NULL,
          synced INTEGER NOT NULL
        ) STRICT;
        INSERT INTO numbers VALUES (0, 0);
        """;
}
