package drover.homefs.server;

import drover.linux.syscall.FileStatus;
import drover.linux.syscall.Stat;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileTime;

/// Home's status of a file, as it is told to nodes.
final class Attributes {
    private final InodeNumbers numbers;

    Attributes(InodeNumbers numbers) {
        this.numbers = numbers;
    }

    FileAttributes of(FileStatus s) {
        return of(s, s.links());
    }

    FileAttributes of(Inode inode, FileStatus s) {
        return of(s, inode.seemsNamed ? Math.max(1, s.links()) : s.links());
    }

    private FileAttributes of(FileStatus s, int links) {
        return new FileAttributes(
                numbers.number(s.device(), s.inode()),
                s.device(),
                s.inode(),
                s.mode(),
                links,
                s.uid(),
                s.gid(),
                (int) s.rdev(),
                s.size(),
                s.blocks(),
                s.blockBytes(),
                new FileTime(s.accessSeconds(), s.accessNanos()),
                new FileTime(s.modifySeconds(), s.modifyNanos()),
                new FileTime(s.changeSeconds(), s.changeNanos()),
                new FileTime(s.birthSeconds(), s.birthNanos()));
    }

    FileAttributes ofDescriptor(int descriptor) throws CallFailed {
        return of(status(descriptor));
    }

    long number(long device, long inode) {
        return numbers.number(device, inode);
    }

    static FileStatus status(int descriptor) throws CallFailed {
        return switch (Stat.ofDescriptor(descriptor)) {
            case Stat.Result.Found(FileStatus status) -> status;
            case Stat.Result.Failed(int errno) -> throw new CallFailed(errno);
        };
    }
}
