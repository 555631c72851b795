package drover.daemon.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.daemon.deputy.DeputyConnection;
import drover.homefs.server.FileTransfer;
import drover.model.ExitStatus;
import drover.model.JobId;
import drover.model.JobState;
import drover.model.NodeId;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Answers questions about home's jobs, and the command to signal one. The words of the JSON are the command
/// contract.
public final class JobQueries {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int SIGTERM = 15;

    /// A question that cannot be answered; the message is for the user.
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    private final NodeId home;
    private final HomeJobs jobs;
    private final HomeFiles files;
    private final JobLogs logs;

    public JobQueries(NodeId home, HomeJobs jobs, HomeFiles files, JobLogs logs) {
        this.home = home;
        this.jobs = jobs;
        this.files = files;
        this.logs = logs;
    }

    /// Answers on the loop of home's jobs; false if the command is none of these.
    public boolean answer(DeputyConnection caller, JsonNode command) {
        Function<JsonNode, JsonNode> answer = switch (command.path("command").asText()) {
            case "ps" -> this::ps;
            case "show" -> request -> show(find(request), caller);
            case "why" -> request -> why(find(request));
            case "kill" -> request -> kill(request, caller);
            case "migrate" -> request -> migrate(request, caller);
            case "freeze" -> request -> freeze(request, caller, true);
            case "continue" -> request -> freeze(request, caller, false);
            case "logs" -> request -> followLog(request, caller);
            default -> null;
        };
        if (answer == null) return false;
        jobs.loop().execute(() -> {
            try {
                JsonNode result = answer.apply(command);
                if (result != null) succeed(caller, result);
            } catch (Refused e) {
                refuse(caller, e.getMessage());
            }
        });
        return true;
    }

    public static void succeed(DeputyConnection caller, JsonNode result) {
        caller.result(
                JSON.createObjectNode().put("ok", true).set("result", result).toString());
    }

    public static void refuse(DeputyConnection caller, String message) {
        caller.result(JSON.createObjectNode()
                .put("ok", false)
                .put("error", message)
                .put("exit", 1)
                .toString());
    }

    private ArrayNode ps(JsonNode request) {
        boolean all = request.path("all").asBoolean(false);
        ArrayNode list = JSON.createArrayNode();
        for (Job job : all ? jobs.book().all() : jobs.book().unfinished()) list.add(summary(job));
        return list;
    }

    private ObjectNode summary(Job job) {
        ObjectNode json = JSON.createObjectNode()
                .put("job", job.id.number())
                .put("state", job.state.name().toLowerCase(Locale.ROOT))
                .put("home", job.id.home().name())
                .put("node", job.node == null ? null : job.node.name())
                .put("user", job.user)
                .put("command", job.command);
        if (job.exit != null) json.put("exit_status", job.exit.shellStatus());
        else if (job.state.isFinal()) json.put("exit_status", job.failureStatus);
        else json.putNull("exit_status");
        return json.put("cpu_seconds", job.use.cpuSeconds())
                .put("rss", job.state.isFinal() ? 0 : job.residentBytes)
                .put("moves", job.moves)
                .put("frozen", job.frozen)
                .put("cannot_move", jobs.moves().movability().objection(job).orElse(null));
    }

    private ObjectNode show(Job job, DeputyConnection caller) {
        ObjectNode json = summary(job)
                .put("directory", job.directory)
                .put("network", job.network.word())
                .put("runs", job.runEpoch)
                .put("accepted_at", job.acceptedAt)
                .put("started_at", job.startedAt)
                .put("ended_at", job.endedAt)
                .put("user_seconds", job.use.userMicros() / 1e6)
                .put("system_seconds", job.use.systemMicros() / 1e6)
                .put("rss_max", job.use.maxResidentBytes())
                .put("processes", job.state.isFinal() ? 0 : job.processes)
                .put("detached", job.options.detach())
                .put("had_effects", job.effects)
                .put("last_move_seconds", job.lastMoveSeconds)
                .put("memory_limit", job.options.memoryBytes())
                .put("message", job.message);
        if (job.exit instanceof ExitStatus.Signalled s) json.put("signal", Signals.name(s.signal()));
        // the kernel, too, tells nobody else what a process has open
        if (!isOwn(job, caller)) return json;
        ArrayNode transfers = json.putArray("transfers");
        for (FileTransfer transfer : files.transfersOf(job.guest()))
            transfers
                    .addObject()
                    .put("path", transfer.path().toString())
                    .put("direction", transfer.writes() ? "write" : "read")
                    .put("bytes", transfer.bytes())
                    .put("position", transfer.position())
                    .put("size", transfer.size());
        return json;
    }

    private static ObjectNode why(Job job) {
        String subject = "job " + job.id.number();
        String reason = job.placementReason == null ? "" : job.placementReason;
        String ran = job.runEpoch > 1
                ? " (run " + job.runEpoch + ": the node of the run before was lost or refused it)"
                : "";
        String sentence = switch (job.state) {
            case QUEUED -> subject + " waits: " + reason;
            case STARTING ->
                subject
                        + " is being started on "
                        + job.node
                        + ": "
                        + reason
                        + ran
                        + (job.awaitsFiles
                                ? "; " + job.node + " has yet to say that it heard of a change at home"
                                : "");
            case RUNNING, LINGERING ->
                subject + " runs on " + job.node + ": " + reason + ran + ofMoves(job) + ofFreezing(job);
            case EXITED ->
                subject
                        + (job.node == null
                                ? " ended before it got a place"
                                : " ran on " + job.node + ": " + reason + ran);
            case FAILED -> subject + " failed: " + job.message;
        };
        ArrayNode numbers = JSON.createArrayNode();
        for (JobRecord.OfferRecord offer : job.offers) {
            ObjectNode row = numbers.addObject().put("node", offer.node());
            if (offer.cost() < 0) row.putNull("cost");
            else row.put("cost", offer.cost());
            row.put("tasks", offer.tasks())
                    .put("speed", offer.speed())
                    .put("memory_free", offer.memoryFree())
                    .put("remark", offer.remark());
        }
        ObjectNode json = JSON.createObjectNode().put("job", job.id.number()).put("sentence", sentence);
        json.set("numbers", numbers);
        if (job.balanced != null && job.balanced.isForTime())
            json.putObject("balanced")
                    .put("predicted_seconds", job.balanced.predictedSeconds())
                    .put("gained_seconds", job.balanced.gainedSeconds());
        return json;
    }

    private static String ofMoves(Job job) {
        if (job.move != null) return "; it is moving to " + job.move.target;
        if (job.balanced != null) return "; " + job.balanced.words();
        return job.stays == null ? "" : "; it was not moved " + job.stays;
    }

    private static String ofFreezing(Job job) {
        return job.frozen ? "; it is frozen, and goes on with: drover continue " + job.id.number() : "";
    }

    private @Nullable JsonNode freeze(JsonNode request, DeputyConnection caller, boolean frozen) {
        String word = frozen ? "freeze" : "continue";
        Job job = own(find(request), caller, word);
        jobs.standstill()
                .ask(
                        job,
                        frozen,
                        objection -> objection.ifPresentOrElse(
                                why -> refuse(caller, "cannot " + word + " job " + job.id.number() + ": " + why),
                                () -> succeed(
                                        caller,
                                        JSON.createObjectNode()
                                                .put("job", job.id.number())
                                                .put("frozen", frozen))));
        return null;
    }

    private @Nullable JsonNode migrate(JsonNode request, DeputyConnection caller) {
        Job job = own(find(request), caller, "move");
        String to = request.path("node").asText("");
        NodeId before = job.node;
        String cannot = "cannot migrate job " + job.id.number() + " to " + to + ": ";
        NodeId target;
        try {
            target = to.equals("home") ? home : to.equals("best") ? best(job) : new NodeId(to);
        } catch (IllegalArgumentException e) {
            throw new Refused(cannot + e.getMessage());
        }
        jobs.moves()
                .begin(
                        job,
                        target,
                        stays -> stays.ifPresentOrElse(
                                why -> refuse(caller, cannot + why + stillRuns(job)),
                                () -> succeed(
                                        caller,
                                        JSON.createObjectNode()
                                                .put("job", job.id.number())
                                                .put("from", String.valueOf(before))
                                                .put("to", target.name()))));
        return null;
    }

    private static String stillRuns(Job job) {
        return job.state == JobState.RUNNING
                ? ". It still runs on " + job.node + ". See: drover why " + job.id.number()
                : "";
    }

    private NodeId best(Job job) {
        return jobs.bestFor(job)
                .orElseThrow(() -> new Refused("cannot migrate job " + job.id.number()
                        + " to best: no other node that it may use is better for it now; see: drover nodes"));
    }

    private JsonNode kill(JsonNode request, DeputyConnection caller) {
        Job job = own(find(request), caller, "signal");
        String text = request.path("signal").asText("");
        int signal = text.isEmpty()
                ? SIGTERM
                : Signals.parse(text)
                        .orElseThrow(() -> new Refused("there is no signal '" + text + "'; examples: TERM, KILL, 9"));
        if (job.state.isFinal()) throw new Refused("job " + job.id.number() + " has ended already");
        jobs.signal(job, signal);
        return JSON.createObjectNode().put("job", job.id.number()).put("signal", signal);
    }

    private @Nullable JsonNode followLog(JsonNode request, DeputyConnection caller) {
        Job job = own(find(request), caller, "read the output of");
        if (!job.options.detach())
            throw new Refused("job " + job.id.number()
                    + " has no log: its output went to its caller; use drover run --detach to keep one");
        boolean follow = request.path("follow").asBoolean(false);
        LogReader.start(
                logs.of(job.id),
                caller,
                () -> follow && !job.state.isFinal(),
                () -> succeed(caller, JSON.createObjectNode().put("job", job.id.number())));
        return null;
    }

    /// Shows a detached job's output from its beginning, follows it, and ends as the job ends.
    public void attach(DeputyConnection caller, long number) {
        jobs.loop().execute(() -> {
            try {
                Job job = own(known(jobs.book().find(number), "" + number), caller, "attach to");
                if (!job.options.detach())
                    throw new Refused("job " + number + " was not started with --detach: its own terminal has it");
                jobs.forwardSignalsOf(caller, job);
                LogReader.start(logs.of(job.id), caller, () -> !job.state.isFinal(), () -> {
                    if (job.exit != null) caller.ended(job.exit, false);
                    else caller.failed(job.failureStatus, job.message);
                });
            } catch (Refused e) {
                caller.refused(1, e.getMessage());
            }
        });
    }

    private Job find(JsonNode request) {
        String text = request.path("job").asText("");
        JobId id;
        try {
            id = JobId.parse(text, home);
        } catch (IllegalArgumentException e) {
            throw new Refused(e.getMessage());
        }
        return known(jobs.book().find(id), text);
    }

    private Job known(@Nullable Job job, String text) {
        if (job == null) throw new Refused("there is no job " + text + " of " + home + "; see: drover ps --all");
        return job;
    }

    private static boolean isOwn(Job job, DeputyConnection caller) {
        int uid = caller.peer().credentials().uid();
        return uid == 0 || uid == job.credentials.uid();
    }

    private static Job own(Job job, DeputyConnection caller, String what) {
        if (!isOwn(job, caller)) {
            String who = job.credentials.uid() == 0 ? "root" : job.user + " and root";
            throw new Refused("only " + who + " may " + what + " job " + job.id.number());
        }
        return job;
    }
}
