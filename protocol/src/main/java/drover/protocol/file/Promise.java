package drover.protocol.file;

/// What of an [FileResult.Entry] home has promised to take back before it lets another change it: a lease that lasts as
/// long as the connection and the node's lease from home.
///
/// @param name that it leads to this file
/// @param attributes those of the file
public record Promise(boolean name, boolean attributes) {
    public static final Promise NONE = new Promise(false, false);

    int bits() {
        return (name ? 1 : 0) | (attributes ? 2 : 0);
    }

    static Promise ofBits(int bits) {
        return new Promise((bits & 1) != 0, (bits & 2) != 0);
    }
}
