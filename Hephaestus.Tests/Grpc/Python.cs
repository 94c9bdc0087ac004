using System.Diagnostics;
using System.Runtime.CompilerServices;
using Hephaestus.Tests.EndToEnd;

namespace Hephaestus.Tests.Grpc;

/// <summary>Debian's python3-grpcio: another implementation of gRPC, which shares nothing with ours.</summary>
internal static class Python
{
    private const string Interpreter = "/usr/bin/python3";

    private static readonly Lazy<bool> s_isThere = new(Find);

    /// <summary>
    /// Why its tests are left out; null: they are not. On a machine that checks submissions (CI=true) they fail rather than
    /// be left out.
    /// </summary>
    public static string? Missing =>
        s_isThere.Value || Environment.GetEnvironmentVariable("CI") == "true"
            ? null
            : "python3-grpcio and python3-protobuf are not installed";

    /// <summary>Starts a script of a test's folder.</summary>
    public static Process Start(string script, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Interpreter, [script, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    /// <summary>Runs a script to its end, which must be a good one; gives what it printed.</summary>
    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        using var process = Start(script, arguments);
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().DefaultTimeout();
        }
        finally
        {
            process.Kill();
        }

        Assert.True(process.ExitCode == 0, $"{script} {string.Join(' ', arguments)}: {await complained}{await said}");
        return await said;
    }

    /// <summary>A file beside the caller's own.</summary>
    public static string Script(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, name);

    private static bool Find()
    {
        if (!File.Exists(Interpreter))
        {
            return false;
        }

        using var process = Process.Start(new ProcessStartInfo(Interpreter, ["-c", "import grpc, google.protobuf"])
        {
            RedirectStandardError = true,
        })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>A test that needs Debian's python3-grpcio.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute() => Skip = Python.Missing;
}

/// <summary>The same with data.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonTheoryAttribute : TheoryAttribute
{
    public PythonTheoryAttribute() => Skip = Python.Missing;
}
