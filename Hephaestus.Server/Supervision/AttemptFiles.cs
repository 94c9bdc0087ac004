namespace Hephaestus.Server.Supervision;

/// <summary>The files of one attempt within its execution's directory, all beginning with <c>NNN-A</c>.</summary>
internal sealed record AttemptFiles(string Directory, int Step, int Attempt)
{
    /// <summary>What it wrote to standard output; made at the first byte.</summary>
    public string Out => Named("out");

    /// <summary>What it wrote to standard error; made at the first byte.</summary>
    public string Err => Named("err");

    /// <summary>The FIFO that is its standard output, until it is settled.</summary>
    public string OutFifo => Named("out.fifo");

    /// <summary>The FIFO that is its standard error, until it is settled.</summary>
    public string ErrFifo => Named("err.fifo");

    /// <summary>Its process and how that ended, until it is settled; see <see cref="StatusFile"/>.</summary>
    public string Status => Named("status");

    private string Named(string ending) =>
        Path.Combine(Directory, FormattableString.Invariant($"{Step:000}-{Attempt}.{ending}"));
}
