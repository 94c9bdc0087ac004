using Google.Protobuf.Reflection;

namespace Hephaestus.Server.Standard;

/// <summary>What the server's services are made of: every file that declares one, or that such a file imports.</summary>
internal sealed class KnownDescriptors
{
    private readonly Dictionary<string, FileDescriptor> _files = [];
    private readonly Dictionary<string, FileDescriptor> _symbols = [];

    public KnownDescriptors(params IReadOnlyCollection<ServiceDescriptor> services)
    {
        Services = [.. services.Select(service => service.FullName).Order(StringComparer.Ordinal)];
        foreach (var file in services.SelectMany(service => WithImports(service.File)))
        {
            Add(file);
        }
    }

    /// <summary>Full names, sorted.</summary>
    public IReadOnlyList<string> Services { get; }

    /// <summary>By the name that imports write, or null.</summary>
    public FileDescriptor? File(string name) => _files.GetValueOrDefault(name);

    /// <summary>
    /// The file that declares a service, method, message, field, oneof, enum or enum value of this full name, or null.
    /// </summary>
    public FileDescriptor? FileOf(string symbol) => _symbols.GetValueOrDefault(symbol);

    /// <summary>A file after those that it imports, each once: the order in which a client can build them.</summary>
    public static IEnumerable<FileDescriptor> WithImports(FileDescriptor file) =>
        file.Dependencies.SelectMany(WithImports).Append(file).DistinctBy(imported => imported.Name);

    private void Add(FileDescriptor file)
    {
        if (_files.TryAdd(file.Name, file))
        {
            foreach (var symbol in file.Services.SelectMany(SymbolsOf)
                .Concat(file.MessageTypes.SelectMany(SymbolsOf))
                .Concat(file.EnumTypes.SelectMany(SymbolsOf)))
            {
                _symbols.TryAdd(symbol, file);
            }
        }
    }

    private static IEnumerable<string> SymbolsOf(ServiceDescriptor service) =>
        service.Methods.Select(method => method.FullName).Append(service.FullName);

    private static IEnumerable<string> SymbolsOf(MessageDescriptor message) =>
        message.NestedTypes.SelectMany(SymbolsOf)
            .Concat(message.EnumTypes.SelectMany(SymbolsOf))
            .Concat(message.Fields.InDeclarationOrder().Select(field => field.FullName))
            .Concat(message.Oneofs.Select(oneof => oneof.FullName))
            .Append(message.FullName);

    /// <summary>An enum's values are named beside it, not within it as the library has it.</summary>
    private static IEnumerable<string> SymbolsOf(EnumDescriptor type) =>
        type.Values.Select(value => type.FullName[..^type.Name.Length] + value.Name).Append(type.FullName);
}
