namespace Hephaestus.Server.Supervision;

/// <summary>The output of one attempt within its execution's directory, named <c>NNN-A</c>.</summary>
internal sealed record AttemptFiles(string Directory, int Step, int Attempt)
{
    /// <summary>What it wrote to standard output; made at the first byte.</summary>
    public string Out => Named("out");

    /// <summary>What it wrote to standard error; made at the first byte.</summary>
    public string Err => Named("err");

    private string Named(string ending) =>
        Path.Combine(Directory, FormattableString.Invariant($"{Step:000}-{Attempt}.{ending}"));
}
