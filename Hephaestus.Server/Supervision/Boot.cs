namespace Hephaestus.Server.Supervision;

/// <summary>Which start of the machine this is: processes, their ids and FIFOs' content do not outlive one.</summary>
internal static class Boot
{
    /// <summary>The kernel's id of this start; <c>HEPHAESTUS_BOOT_ID</c> stands for another in tests.</summary>
    public static string Id { get; } = Environment.GetEnvironmentVariable("HEPHAESTUS_BOOT_ID") is { Length: > 0 } set
        ? set
        : File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
}
