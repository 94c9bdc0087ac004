using Microsoft.Data.Sqlite;

namespace Hephaestus.Server.Journal;

/// <summary>A connection that keeps its statements prepared. Not for two threads at once.</summary>
internal sealed class JournalConnection : IDisposable
{
    /// <summary>How long SQLite waits for another process that holds the file, in seconds.</summary>
    private const int BusySeconds = 2;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _prepared = [];

    /// <summary>Opens a file that exists.</summary>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    public JournalConnection(string path, SqliteOpenMode mode)
    {
        var target = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
            DefaultTimeout = BusySeconds,
        };
        _connection = new SqliteConnection(target.ToString());
        try
        {
            _connection.Open();
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    /// <summary>SQLite gives up a transaction by itself after some errors, and not after others.</summary>
    public bool InTransaction => SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0;

    /// <summary>
    /// Runs a script or PRAGMA that is not kept prepared: many PRAGMAs act when they are compiled, so that running one
    /// again would do nothing. Gives the first column of the first row back; null: there is none.
    /// </summary>
    public object? Script(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    /// <summary>Runs a statement with its values for $1, $2, ...; gives back how many rows it changed.</summary>
    public int Run(string sql, params ReadOnlySpan<object> values) => Prepared(sql, values).ExecuteNonQuery();

    /// <summary>The first column of the first row; null: there is no row, or it is NULL.</summary>
    public long? Number(string sql, params ReadOnlySpan<object> values) => Prepared(sql, values).ExecuteScalar() as long?;

    /// <summary>All rows; the statement has to have a LIMIT, or a result that is bounded otherwise.</summary>
    public List<T> Rows<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<object> values)
    {
        var rows = new List<T>();
        using var reader = Prepared(sql, values).ExecuteReader();
        while (reader.Read()) rows.Add(read(reader));
        return rows;
    }

    /// <summary>The rows themselves, for whoever stops before the last one.</summary>
    public SqliteDataReader Query(string sql, params ReadOnlySpan<object> values) => Prepared(sql, values).ExecuteReader();

    public void Dispose()
    {
        foreach (var command in _prepared.Values) command.Dispose();
        _connection.Dispose();
    }

    private SqliteCommand Prepared(string sql, ReadOnlySpan<object> values)
    {
        if (!_prepared.TryGetValue(sql, out var command))
        {
            command = Prepare(sql, values.Length);
            _prepared.Add(sql, command);
        }

        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
        return command;
    }

    private SqliteCommand Prepare(string sql, int parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameters; i++) command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        return command;
    }
}
