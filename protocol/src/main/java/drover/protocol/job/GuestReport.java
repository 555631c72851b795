package drover.protocol.job;

import drover.model.ExitStatus;
import drover.model.ResourceUse;
import drover.protocol.Wire;
import drover.protocol.WireException;
import io.netty.buffer.ByteBuf;

/// What a keeper reports about its guest inside a session frame, and home's daemon takes instead of relaying it.
public sealed interface GuestReport {
    /// The first process ended; with `gone` no process of the guest is left.
    record Exited(ExitStatus status, boolean gone, ResourceUse use) implements GuestReport {}

    /// The last process of a lingering guest ended.
    record Gone(ResourceUse use) implements GuestReport {}

    /// What the guest has used so far, and holds now.
    ///
    /// @param busy it uses the processor, or would if it got it. A keeper of before says nothing of that
    record Usage(ResourceUse use, int processes, boolean busy) implements GuestReport {}

    /// Parses a session frame that begins at its kind, which must be EXITED, GONE or USAGE.
    static GuestReport parse(ByteBuf frame) {
        int kind = Wire.readU8(frame);
        return switch (kind) {
            case SessionKind.EXITED -> {
                int how = Wire.readU8(frame);
                int code = Wire.readU8(frame);
                boolean core = Wire.readU8(frame) != 0;
                boolean gone = Wire.readU8(frame) != 0;
                yield new Exited(status(how, code, core), gone, use(frame));
            }
            case SessionKind.GONE -> new Gone(use(frame));
            case SessionKind.USAGE -> {
                ResourceUse use = use(frame);
                int processes = Wire.readI32(frame);
                yield new Usage(use, processes, !frame.isReadable() || Wire.readU8(frame) != 0);
            }
            default -> throw new WireException("session frame of kind " + kind + " is no report");
        };
    }

    private static ExitStatus status(int how, int code, boolean core) {
        if (how == 0) return new ExitStatus.Exited(code);
        if (how != 1 || code < 1 || code > 64) throw new WireException("no exit status: how " + how + ", code " + code);
        return new ExitStatus.Signalled(code, core);
    }

    private static ResourceUse use(ByteBuf frame) {
        long user = Wire.readI64(frame);
        long system = Wire.readI64(frame);
        long resident = Wire.readI64(frame);
        if (user < 0 || system < 0 || resident < 0)
            throw new WireException("negative resource use: " + user + ", " + system + ", " + resident);
        return new ResourceUse(user, system, resident);
    }
}
