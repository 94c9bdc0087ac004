using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Hephaestus.Protocol.Standard.ReflectionV1;
using Asked = Hephaestus.Protocol.Standard.ReflectionV1.ServerReflectionRequest.MessageRequestOneofCase;
using V1Alpha = Hephaestus.Protocol.Standard.ReflectionV1Alpha;

namespace Hephaestus.Server.Standard;

/// <summary>gRPC's reflection service, grpc.reflection.v1: lets clients call the server's services without their files.</summary>
internal sealed class ReflectionService(KnownDescriptors known) : ServerReflection.ServerReflectionBase
{
    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<ServerReflectionRequest> requests,
        IServerStreamWriter<ServerReflectionResponse> responses,
        ServerCallContext context)
    {
        await foreach (var request in requests.ReadAllAsync(context.CancellationToken))
        {
            await responses.WriteAsync(Answer(known, request), context.CancellationToken);
        }
    }

    /// <summary>Answers one request; what cannot be found is an answer too.</summary>
    public static ServerReflectionResponse Answer(KnownDescriptors known, ServerReflectionRequest request)
    {
        var response = request.MessageRequestCase switch
        {
            Asked.FileByFilename => Files(known.File(request.FileByFilename), $"file '{request.FileByFilename}'"),
            Asked.FileContainingSymbol =>
                Files(known.FileOf(request.FileContainingSymbol), $"symbol '{request.FileContainingSymbol}'"),
            Asked.FileContainingExtension => NotFound(Extension(request.FileContainingExtension)),
            Asked.AllExtensionNumbersOfType => Extensions(known, request.AllExtensionNumbersOfType),
            Asked.ListServices => Services(known),
            _ => Error(StatusCode.InvalidArgument, "the request asks for nothing: message_request is not set"),
        };
        response.ValidHost = request.Host;
        response.OriginalRequest = request;
        return response;
    }

    private static ServerReflectionResponse Files(FileDescriptor? file, string what)
    {
        if (file is null)
        {
            return NotFound(what);
        }

        var files = new FileDescriptorResponse();
        files.FileDescriptorProto.AddRange(KnownDescriptors.WithImports(file).Select(descriptor => descriptor.SerializedData));
        return new ServerReflectionResponse { FileDescriptorResponse = files };
    }

    /// <summary>No message here is extended: proto3 has extensions for options alone.</summary>
    private static ServerReflectionResponse Extensions(KnownDescriptors known, string type) =>
        known.FileOf(type) is null
            ? NotFound($"type '{type}'")
            : new ServerReflectionResponse { AllExtensionNumbersResponse = new ExtensionNumberResponse { BaseTypeName = type } };

    private static ServerReflectionResponse Services(KnownDescriptors known)
    {
        var list = new ListServiceResponse();
        list.Service.AddRange(known.Services.Select(name => new ServiceResponse { Name = name }));
        return new ServerReflectionResponse { ListServicesResponse = list };
    }

    private static string Extension(ExtensionRequest asked) => $"extension {asked.ExtensionNumber} of '{asked.ContainingType}'";

    private static ServerReflectionResponse NotFound(string what) => Error(StatusCode.NotFound, $"there is no {what}");

    private static ServerReflectionResponse Error(StatusCode code, string text) =>
        new() { ErrorResponse = new ErrorResponse { ErrorCode = (int)code, ErrorMessage = text } };
}

/// <summary>The same by its older name, grpc.reflection.v1alpha, which most clients still try; its bytes are the same.</summary>
internal sealed class ReflectionV1AlphaService(KnownDescriptors known) : V1Alpha.ServerReflection.ServerReflectionBase
{
    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<V1Alpha.ServerReflectionRequest> requests,
        IServerStreamWriter<V1Alpha.ServerReflectionResponse> responses,
        ServerCallContext context)
    {
        await foreach (var request in requests.ReadAllAsync(context.CancellationToken))
        {
            var answer = ReflectionService.Answer(known, ServerReflectionRequest.Parser.ParseFrom(request.ToByteString()));
            var response = V1Alpha.ServerReflectionResponse.Parser.ParseFrom(answer.ToByteString());
            await responses.WriteAsync(response, context.CancellationToken);
        }
    }
}
