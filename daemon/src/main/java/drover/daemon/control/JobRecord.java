package drover.daemon.control;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import drover.model.JobState;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A job as the journal keeps it. Fields may be added; an older daemon ignores what it does not know.
///
/// @param spec what to run, kept only until the job has ended
/// @param secret by which the deputy proves after a restart that the job is its own
/// @param runEpoch under which its run began; 0 in what a daemon wrote that moved nothing
/// @param leftNode where it was before its last move, until that is known to be dead there
/// @param movingTo which node may have something of a guest that was to move there
/// @param frozen its user wants it to stand still
/// @param networkNamed its caller asked for its network: it does not run without
/// @param effects something outside the guest has changed through it, so it must not be run again
/// @param acceptedAt seconds since 1970, as are the other times
@JsonInclude(JsonInclude.Include.NON_NULL)
record JobRecord(
        long number,
        JobState state,
        int epoch,
        @Nullable String node,
        int uid,
        int gid,
        List<Integer> groups,
        String user,
        String command,
        String directory,
        List<String> allowedNodes,
        long memoryBytes,
        boolean stay,
        boolean detach,
        boolean nodeNetwork,
        boolean homeNetwork,
        boolean networkNamed,
        int deputyPid,
        long deputyStart,
        byte[] secret,
        byte @Nullable [] spec,
        boolean effects,
        double acceptedAt,
        double startedAt,
        double endedAt,
        int exitHow,
        int exitCode,
        boolean coreDumped,
        @Nullable String message,
        @Nullable String placementReason,
        @Nullable List<OfferRecord> offers,
        long userMicros,
        long systemMicros,
        long maxResidentBytes,
        int runEpoch,
        int moves,
        @Nullable String leftNode,
        int leftEpoch,
        @Nullable String movingTo,
        boolean frozen) {
    private static final ObjectMapper JSON =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /// One node's offer at the time of the decision. A cost of -1 means: out of the question.
    record OfferRecord(String node, double cost, double tasks, double speed, long memoryFree, String remark) {}

    byte[] toBytes() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a job's record cannot be written", e);
        }
    }

    static JobRecord fromBytes(byte[] bytes) throws IOException {
        return JSON.readValue(bytes, JobRecord.class);
    }
}
