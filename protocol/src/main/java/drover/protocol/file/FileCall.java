package drover.protocol.file;

/// One request of a guest's node to the home of the guest.
///
/// @param id chosen by the mount, kept when the call is sent again after a broken link, so that home never
///     performs it twice
public record FileCall(long id, Caller caller, FileOperation operation) {}
