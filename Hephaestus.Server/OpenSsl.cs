using System.Runtime.InteropServices;

namespace Hephaestus.Server;

/// <summary>
/// The library by which .NET makes hashes and random numbers, with TLS or without. It looks for it when the first is made, and
/// where there is none it ends the process: a server would, in the middle of its work, at the first plan.
/// </summary>
internal static class OpenSsl
{
    /// <summary>For the operator.</summary>
    public const string Missing = "OpenSSL is missing: no libssl.so.3 or libssl.so.1.1 can be loaded; install it (Debian: libssl3)";

    /// <summary>The names that .NET looks for, the newest first, unless a variable says which.</summary>
    private static readonly string[] s_names = ["libssl.so.3", "libssl.so.1.1", "libssl.so.1.0.2", "libssl.so.1.0.0", "libssl.so.10"];

    public static bool IsThere =>
        Environment.GetEnvironmentVariable("DOTNET_OPENSSL_VERSION_OVERRIDE") is { Length: > 0 }
        || s_names.Any(name => NativeLibrary.TryLoad(name, out _));
}
