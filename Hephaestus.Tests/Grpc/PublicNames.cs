using System.Reflection;
using System.Runtime.CompilerServices;

namespace Hephaestus.Tests.Grpc;

/// <summary>
/// What an assembly offers to code outside it, a line for each type and member: names, parameters and types, but not
/// what does not change how a caller is written (attributes, nullability, bodies).
/// </summary>
internal static class PublicNames
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Sorted; only types that <paramref name="wanted"/> lets pass.</summary>
    public static IReadOnlyList<string> Of(Assembly assembly, Func<Type, bool> wanted) =>
    [
        .. assembly.GetTypes().Where(type => IsVisible(type) && wanted(type)).SelectMany(Lines)
            .Distinct().Order(StringComparer.Ordinal),
    ];

    private static IEnumerable<string> Lines(Type type) =>
        Members(type).Select(member => $"{Name(type)}  {member}")
            .Append($"{Name(type)}  {Kind(type)}");

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name))}");
        }

        if (type.IsSubclassOf(typeof(Delegate)))
        {
            return [];
        }

        return type.GetConstructors(Declared).Where(IsVisible).Select(constructor => $"new({Parameters(constructor)})")
            .Concat(type.GetMethods(Declared).Where(IsOwn).Select(Line))
            .Concat(type.GetProperties(Declared).SelectMany(Lines))
            .Concat(type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily)
                .Select(field => $"{Name(field.FieldType)} {field.Name}"));
    }

    private static IEnumerable<string> Lines(PropertyInfo property) =>
        property.GetAccessors(nonPublic: true).Where(accessor => IsVisible(accessor) && !IsInherited(accessor))
            .Select(accessor => $"{Modifiers(accessor)}{Name(property.PropertyType)} {property.Name} {accessor.Name[..3]}");

    private static string Line(MethodInfo method) =>
        $"{Modifiers(method)}{Name(method.ReturnType)} {method.Name}{Arguments(method)}({Parameters(method)})";

    private static string Modifiers(MethodInfo method) =>
        (method.IsStatic ? "static " : "") + (method.IsFamily ? "protected " : "") + method switch
        {
            { DeclaringType.IsInterface: true } or { IsFinal: true } => "",
            { IsAbstract: true } => "abstract ",
            { IsVirtual: true } => "virtual ",
            _ => "",
        };

    private static string Arguments(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Parameters(MethodBase method)
    {
        var first = method.IsDefined(typeof(ExtensionAttribute), inherit: false) ? "this " : "";
        return first + string.Join(", ", method.GetParameters().Select(Parameter));
    }

    private static string Parameter(ParameterInfo parameter) =>
        $"{Name(parameter.ParameterType)} {parameter.Name}{(parameter.HasDefaultValue ? " = …" : "")}";

    private static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        _ when type.IsSubclassOf(typeof(Delegate)) => $"delegate {Line(type.GetMethod("Invoke")!)}",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => $"abstract class : {Name(type.BaseType!)}",
        { IsSealed: true } => $"sealed class : {Name(type.BaseType!)}",
        _ => $"class : {Name(type.BaseType!)}",
    };

    private static string Name(Type type)
    {
        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        var name = $"{(type.IsNested ? Name(type.DeclaringType!) : type.Namespace)}.{type.Name.Split('`')[0]}";
        var own = type.GetGenericArguments().Skip(type.DeclaringType?.GetGenericArguments().Length ?? 0).ToArray();
        return own.Length == 0 ? name : $"{name}<{string.Join(", ", own.Select(Name))}>";
    }

    private static bool IsVisible(Type type) =>
        type.IsPublic
        || ((type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsVisible(type.DeclaringType!));

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsOwn(MethodInfo method) => IsVisible(method) && !IsInherited(method) && !IsAccessor(method);

    private static bool IsAccessor(MethodInfo method) =>
        method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    /// <summary>An override adds no name.</summary>
    private static bool IsInherited(MethodInfo method) => method.GetBaseDefinition() != method;
}
