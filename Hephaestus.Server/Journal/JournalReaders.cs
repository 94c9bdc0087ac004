using Google.Protobuf;
using Microsoft.Data.Sqlite;

namespace Hephaestus.Server.Journal;

/// <summary>
/// Read-only connections. Each thread that reads has one for itself, so there are never more than threads; of those not
/// in use at most four stay open.
/// </summary>
internal sealed class JournalReaders(string path) : IDisposable
{
    private const int Kept = 4;

    private readonly Lock _gate = new();
    private readonly Stack<JournalConnection> _idle = new();
    private bool _closed;

    /// <summary>All reads within see one state of the journal; it has to be short, since the WAL grows meanwhile.</summary>
    /// <exception cref="JournalException">The file cannot be read.</exception>
    public T Read<T>(Func<JournalView, T> read)
    {
        try
        {
            var connection = Rent();
            var result = ReadAt(connection, read);
            Return(connection);
            return result;
        }
        catch (SqliteException error)
        {
            throw JournalException.From(error, path);
        }
        catch (Exception damage) when (damage
            is OverflowException or InvalidCastException or FormatException or ArgumentOutOfRangeException
            or InvalidDataException or InvalidProtocolBufferException)
        {
            throw JournalException.Damaged(path, damage);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            while (_idle.TryPop(out var connection)) connection.Dispose();
        }
    }

    /// <summary>A connection on which something failed is not used again.</summary>
    private static T ReadAt<T>(JournalConnection connection, Func<JournalView, T> read)
    {
        try
        {
            connection.Run("BEGIN");
            var result = read(new JournalView(connection));
            connection.Run("COMMIT");
            return result;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private JournalConnection Rent()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(ExecutionJournal));
            if (_idle.TryPop(out var connection)) return connection;
        }

        return new JournalConnection(path, SqliteOpenMode.ReadOnly);
    }

    private void Return(JournalConnection connection)
    {
        lock (_gate)
        {
            if (!_closed && _idle.Count < Kept)
            {
                _idle.Push(connection);
                return;
            }
        }

        connection.Dispose();
    }
}
