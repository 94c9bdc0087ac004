using System.Globalization;

namespace Hephaestus.Server.Access;

/// <summary>Somebody whom a rule of access can name. Two are equal when they are the same.</summary>
internal abstract record Principal
{
    private Principal()
    {
    }

    /// <summary>The bearer of a client certificate that <c>host.grpc.tls.client_ca</c> signed.</summary>
    /// <param name="Name">The subject's common name.</param>
    public sealed record Certificate(string Name) : Principal
    {
        public override string ToString() => $"cert:{Name}";
    }

    /// <summary>The bearer of a token.</summary>
    /// <param name="Name">What it was called when it was made.</param>
    public sealed record Token(string Name) : Principal
    {
        public override string ToString() => $"token:{Name}";
    }

    /// <summary>A user of this machine, at the unix socket.</summary>
    public sealed record User(uint Id) : Principal
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"uid:{Id}");
    }

    /// <summary>All users of this machine with this group, be it their first or another, at the unix socket.</summary>
    public sealed record Group(uint Id) : Principal
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"gid:{Id}");
    }

    /// <summary>Everybody, whatever they proved: who leaves out what it could show must not have more than who shows it.</summary>
    public sealed record Anybody : Principal
    {
        public override string ToString() => "anonymous";
    }
}
