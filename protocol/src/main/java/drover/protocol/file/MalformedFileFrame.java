package drover.protocol.file;

/// A frame that no node of this version would send. The message says what is wrong with it.
public final class MalformedFileFrame extends Exception {
    private static final long serialVersionUID = 1;

    public MalformedFileFrame(String message) {
        super(message);
    }
}
