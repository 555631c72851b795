package drover.lab.experiments;

import java.util.List;

/// One piece of the work.
/// @param name unique in the experiment, usable as a file name
/// @param result file that `command` leaves in the directory it runs in
/// @param streamed the same work, but with the result on stdout: for systems that bring no files back
public record SubJob(String name, String result, List<String> command, List<String> streamed) {
    public SubJob {
        if (!name.matches("[A-Za-z0-9._-]+"))
            throw new IllegalArgumentException("a sub-job's name must be usable as a file name, got '" + name + "'");
        command = List.copyOf(command);
        streamed = List.copyOf(streamed);
    }
}
