namespace Hephaestus.Server.Configuration;

/// <summary>Where the statuses of ended executions go.</summary>
/// <param name="Address"><c>http://host:port</c> or <c>https://host:port</c>.</param>
/// <param name="Tls">Null: as the address says, with the certificates that the system trusts.</param>
/// <param name="Table">The table of the pairs.</param>
/// <param name="KeyPrefix">Stands before <c>set/id/execution</c> in a key; may be empty.</param>
internal sealed record HermesSettings(Uri Address, HermesTls? Tls, string Table, string KeyPrefix);

/// <summary>TLS to Hermes.</summary>
/// <param name="CaCertificate">PEM of the only authority that is trusted; null: those that the system trusts.</param>
/// <param name="Domain">The name that the certificate must bear; null: the address's host.</param>
internal sealed record HermesTls(string? CaCertificate, string? Domain);
