package drover.homefs.mount;

import drover.protocol.file.FileOperation;

/// The handle whose opener makes a call.
final class HandleOf {
    private HandleOf() {}

    /// 0 if the caller itself makes it.
    static long operation(FileOperation operation) {
        return switch (operation) {
            case FileOperation.Read o -> o.handle();
            case FileOperation.Write o -> o.handle();
            case FileOperation.Release o -> o.handle();
            case FileOperation.Flush o -> o.handle();
            case FileOperation.Sync o -> o.handle();
            case FileOperation.ReadDirectory o -> o.handle();
            case FileOperation.Allocate o -> o.handle();
            case FileOperation.Seek o -> o.handle();
            case FileOperation.HashBlocks o -> o.handle();
            case FileOperation.CopyRange o -> o.to();
            case FileOperation.TestLock o -> o.handle();
            case FileOperation.SetLock o -> o.handle();
            default -> 0;
        };
    }
}
