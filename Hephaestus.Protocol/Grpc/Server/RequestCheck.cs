using Grpc.Core;
using Grpc.Wire;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server;

/// <summary>What a request must be before it is a call.</summary>
internal static class RequestCheck
{
    /// <summary>False: answered with 415 (no gRPC) or 426 (not HTTP/2).</summary>
    public static bool IsGrpc(HttpContext http)
    {
        if (!HeaderNames.IsGrpc(http.Request.ContentType))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return false;
        }

        if (HttpProtocol.IsHttp2(http.Request.Protocol) || HttpProtocol.IsHttp3(http.Request.Protocol))
        {
            return true;
        }

        http.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
        http.Response.Headers.Upgrade = "HTTP/2";
        http.Response.Headers.Connection = "Upgrade";
        return false;
    }

    /// <summary>False: answered with UNIMPLEMENTED, and with what would be understood.</summary>
    public static bool IsEncodingKnown(HttpContext http)
    {
        var encoding = http.Request.Headers[HeaderNames.Encoding].ToString();
        if (encoding is "" or "identity" or Gzip.Name)
        {
            return true;
        }

        http.Response.Headers[HeaderNames.AcceptEncoding] = Gzip.AcceptEncoding;
        Refuse(http, new Status(StatusCode.Unimplemented, $"Unsupported grpc-encoding value '{encoding}'. Supported encodings: {Gzip.AcceptEncoding}"));
        return false;
    }

    /// <summary>Answers with a status alone.</summary>
    public static void Refuse(HttpContext http, Status status)
    {
        http.Response.ContentType = HeaderNames.ContentType;
        http.Response.Headers[HeaderNames.Status] =
            ((int)status.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        http.Response.Headers[HeaderNames.Message] = PercentEncoding.Encode(status.Detail);
    }
}
