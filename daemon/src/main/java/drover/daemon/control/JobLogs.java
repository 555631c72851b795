package drover.daemon.control;

import drover.model.Credentials;
import drover.model.JobId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/// Logs of detached jobs: one file each, owned by the job's user and readable only by that user and root.
public final class JobLogs {
    private final Path directory;

    public JobLogs(Path stateDirectory) throws IOException {
        directory = Files.createDirectories(stateDirectory.resolve("jobs"));
        Files.setPosixFilePermissions(stateDirectory, PosixFilePermissions.fromString("rwx--x--x"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    }

    Path of(JobId job) {
        return directory.resolve(job.number() + ".log");
    }

    /// Makes an empty log.
    Path create(JobId job, Credentials owner) throws IOException {
        Path log = of(job);
        Files.deleteIfExists(log);
        Files.createFile(log, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.setAttribute(log, "unix:uid", owner.uid());
        Files.setAttribute(log, "unix:gid", owner.gid());
        return log;
    }
}
