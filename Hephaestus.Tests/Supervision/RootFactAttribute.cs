namespace Hephaestus.Tests.Supervision;

/// <summary>A test that needs root; left out, with the reason, for anybody else.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            Skip = "only a server that runs as root can run steps as another user";
        }
    }
}
