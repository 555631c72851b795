package drover.protocol.file;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import java.util.Optional;

/// On whose behalf a call is made. The home is the node the call goes to.
///
/// @param job the job's number, or 0: nobody in particular, the guest of the handle that the call names
/// @param epoch the run of the job, 0 without one
/// @param uid the caller's file-system uid
/// @param gid the caller's file-system gid
public record Caller(long job, int epoch, int uid, int gid) {
    public static final Caller NOBODY = new Caller(0, 0, 0, 0);

    public static Caller of(GuestKey guest, int uid, int gid) {
        return new Caller(guest.job().number(), guest.epoch(), uid, gid);
    }

    public Optional<GuestKey> guest(NodeId home) {
        return job <= 0 || epoch <= 0 ? Optional.empty() : Optional.of(new GuestKey(new JobId(home, job), epoch));
    }
}
