package drover.protocol.local;

import java.io.IOException;

/// The peer of a local socket broke the framing: the connection cannot go on. The message says how.
public final class MalformedFrameException extends IOException {
    private static final long serialVersionUID = 1L;

    public MalformedFrameException(String message) {
        super(message);
    }
}
