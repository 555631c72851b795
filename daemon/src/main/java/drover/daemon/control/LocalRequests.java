package drover.daemon.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import drover.daemon.deputy.DeputyConnection;
import drover.daemon.deputy.LocalServer;
import drover.daemon.orders.OrderDesk;
import drover.model.Credentials;
import drover.protocol.WireException;
import io.netty.buffer.ByteBuf;
import java.util.concurrent.CompletableFuture;

/// Hands what deputies and commands say to those whose business it is.
public class LocalRequests implements LocalServer.Listener {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// Who knows the nodes of the cluster.
    public interface Nodes {
        /// The answer to `drover nodes`, one element a node. Any thread.
        JsonNode nodes();

        /// Gives an order to a node, as [drover.daemon.orders.OrderDesk#give] does. Any thread.
        CompletableFuture<JsonNode> order(String word, String node);
    }

    private final HomeJobs jobs;
    private final JobQueries jobQueries;
    private final Nodes nodes;

    public LocalRequests(HomeJobs jobs, JobQueries jobQueries, Nodes nodes) {
        this.jobs = jobs;
        this.jobQueries = jobQueries;
        this.nodes = nodes;
    }

    @Override
    public boolean mayRun(Credentials caller) {
        return jobs.mayRun(caller);
    }

    @Override
    public void run(DeputyConnection caller, String options, ByteBuf spec) {
        jobs.run(caller, options, spec);
    }

    @Override
    public void session(DeputyConnection caller, int epoch, ByteBuf frame) {
        jobs.deputySession(caller, epoch, frame);
    }

    @Override
    public void resume(DeputyConnection caller, long job, byte[] secret) {
        jobs.resume(caller, job, secret);
    }

    @Override
    public void attach(DeputyConnection caller, long job) {
        jobQueries.attach(caller, job);
    }

    @Override
    public void command(DeputyConnection caller, String json) {
        JsonNode command;
        try {
            command = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new WireException("a command is no JSON: " + e.getOriginalMessage());
        }
        String word = command.path("command").asText();
        if (word.equals("nodes")) JobQueries.succeed(caller, nodes.nodes());
        else if (word.equals("node")) order(caller, command);
        else if (!jobQueries.answer(caller, command))
            JobQueries.refuse(
                    caller, "this daemon does not know the command '" + word + "'; is it older than the command?");
    }

    private void order(DeputyConnection caller, JsonNode command) {
        if (!caller.peer().credentials().isRoot()) {
            JobQueries.refuse(caller, "only root may give a node orders");
            return;
        }
        var _ = nodes.order(command.path("order").asText(), command.path("node").asText(""))
                .whenComplete((state, failure) -> {
                    if (failure == null) JobQueries.succeed(caller, state);
                    else JobQueries.refuse(caller, OrderDesk.words(failure));
                });
    }

    @Override
    public void closed(DeputyConnection caller) {
        jobs.deputyLeft(caller);
    }
}
