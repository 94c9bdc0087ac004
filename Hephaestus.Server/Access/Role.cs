namespace Hephaestus.Server.Access;

/// <summary>What somebody may do; each role may do all that those before it may.</summary>
internal enum Role
{
    /// <summary>Nothing but what everybody may: ask whether the server is well, and what its calls look like.</summary>
    None,

    /// <summary>Lists, statuses, logs.</summary>
    Viewer,

    /// <summary>Also run, cancel, resume and dump plans.</summary>
    Operator,

    /// <summary>Also what concerns the server as a whole: drain it, send to Hermes again, read the audit.</summary>
    Admin,
}
