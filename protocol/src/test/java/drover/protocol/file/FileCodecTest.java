package drover.protocol.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FileCodecTest {
    private static final ByteBufAllocator ALLOCATOR = UnpooledByteBufAllocator.DEFAULT;
    private static final Bytes NAME = Bytes.of((byte) 0xff, (byte) 'n');
    private static final FileTime TIME = new FileTime(-7, 999_999_999);
    private static final LockRange RANGE = new LockRange(1, 5, Long.MAX_VALUE, 77);
    private static final FileAttributes ATTRIBUTES = new FileAttributes(
            1L << 62, 2, 3, 0x81ff, 5, 6, 7, 8, 9L << 40, 10, 11, TIME, new FileTime(12, 13), TIME, FileTime.ZERO);
    private static final FileResult.Entry ENTRY = new FileResult.Entry(-9, ATTRIBUTES, Lease.FULL, Lease.BRIEF, true);

    private static ByteBuf data(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return Unpooled.wrappedBuffer(bytes);
    }

    private static List<FileOperation> operations() {
        return List.of(
                new FileOperation.Hello(1, -2),
                new FileOperation.Lookup(3, NAME),
                new FileOperation.Forget(List.of(new FileOperation.Forgotten(4, 5), new FileOperation.Forgotten(6, 7))),
                new FileOperation.GetAttributes(1, 2),
                new FileOperation.SetAttributes(1, 2, 3, 4, 5, 6, 7, TIME, FileTime.ZERO),
                new FileOperation.ReadLink(1),
                new FileOperation.Symlink(1, NAME, Bytes.of("../x")),
                new FileOperation.MakeNode(1, NAME, 2, 3, 4),
                new FileOperation.MakeDirectory(1, NAME, 2, 3),
                new FileOperation.Unlink(1, NAME),
                new FileOperation.RemoveDirectory(1, NAME),
                new FileOperation.Rename(1, NAME, 2, Bytes.of("b"), 3),
                new FileOperation.Link(1, 2, NAME),
                new FileOperation.Open(1, 2, true, 3),
                new FileOperation.Create(1, NAME, 2, 3, 4, true),
                new FileOperation.TemporaryFile(1, 2, 3, 4),
                new FileOperation.Read(1, 2, 3),
                new FileOperation.Write(1, 2, true, data(100_000)),
                new FileOperation.FileSystemStatus(1),
                new FileOperation.Release(1, true, 2),
                new FileOperation.Flush(1, 2),
                new FileOperation.Sync(1, true),
                new FileOperation.SyncFileSystem(1),
                new FileOperation.SetXattr(1, NAME, Bytes.EMPTY, 2),
                new FileOperation.GetXattr(1, NAME),
                new FileOperation.ListXattr(1),
                new FileOperation.RemoveXattr(1, NAME),
                new FileOperation.OpenDirectory(1),
                new FileOperation.ReadDirectory(1, 2, 3, true),
                new FileOperation.Access(1, 2),
                new FileOperation.Allocate(1, 2, 3, 4),
                new FileOperation.Seek(1, 2, 3),
                new FileOperation.CopyRange(1, 2, 3, 4, 5),
                new FileOperation.TestLock(1, 2, RANGE),
                new FileOperation.SetLock(1, 2, RANGE, true, true),
                new FileOperation.Cancel(1),
                new FileOperation.ReviveNodes(List.of(new FileOperation.RevivedNode(1, 2, NAME, 3, 4, 5))),
                new FileOperation.ReviveHandle(1, 2, 3, true),
                new FileOperation.Remind(5, -6),
                new FileOperation.AllRevived(),
                new FileOperation.Recalled(7),
                new FileOperation.HashBlocks(1, 2, 3),
                new FileOperation.ReleaseAll(List.of(8L, -9L)),
                new FileOperation.LookUpAll(1, List.of(NAME, Bytes.of("b")), 2),
                new FileOperation.Unknown(999));
    }

    private static final FileRecall RECALL = new FileRecall(
            9,
            List.of(
                    new FileRecall.Item.Name(1, NAME, 2),
                    new FileRecall.Item.Attributes(3),
                    new FileRecall.Item.Content(4),
                    new FileRecall.Item.Everything(),
                    new FileRecall.Item.AtMost(70_000)));

    private static List<FileResult> results() {
        return List.of(
                new FileResult.Ok(),
                new FileResult.Welcome(1, 2, 3),
                new FileResult.Reminder(
                        List.of(new FileResult.Told(new FileOperation.RevivedNode(1, 2, NAME, 3, 4, 5), true)),
                        List.of(new FileResult.Held(6, new Caller(7, 8, 9, 10), 11, 12, true)),
                        List.of(new FileResult.HeldLock(6, new FileOperation.SetLock(1, 2, RANGE, true, false)))),
                ENTRY,
                new FileResult.Attributes(ATTRIBUTES, Lease.BRIEF, true),
                new FileResult.Content(NAME),
                new FileResult.Opened(1, ATTRIBUTES, data(10), true, false),
                new FileResult.Data(data(70_000)),
                new FileResult.Created(ENTRY, 5, true),
                new FileResult.Written(1, ATTRIBUTES, ATTRIBUTES),
                new FileResult.FileSystem(1, 2, 3, 4, 5, 6, 7, 8),
                new FileResult.Listing(List.of(
                        new FileResult.Listed(NAME, 1, 2, 3, ENTRY), new FileResult.Listed(NAME, 4, 5, 6, null))),
                new FileResult.Lock(RANGE),
                new FileResult.Position(-1),
                new FileResult.Hashes(List.of(new ContentHash(1, 2, 3, 4), new ContentHash(-1, -2, -3, -4))),
                new FileResult.FoundAll(List.of(
                        new FileResult.Found(NAME, ENTRY, Lease.NONE, Bytes.of("content")),
                        new FileResult.Found(NAME, ENTRY, Lease.NONE, Bytes.EMPTY),
                        new FileResult.Found(NAME, ENTRY, Lease.NONE, null),
                        new FileResult.Found(NAME, null, Lease.FULL, null))),
                new FileResult.InDirectory(
                        new FileResult.Created(ENTRY, 5, true),
                        new FileResult.Attributes(ATTRIBUTES, Lease.FULL, false)));
    }

    @Test
    void eachCallComesBackAsItWent() throws MalformedFileFrame {
        Caller caller = new Caller(Long.MAX_VALUE, 3, -1, 5);
        for (FileOperation operation : operations()) {
            FileCall call = new FileCall(-5, caller, operation);
            assertEquals(call, CallCodec.decode(CallCodec.encode(call, ALLOCATOR)));
        }
    }

    @Test
    void eachReplyComesBackAsItWent() throws MalformedFileFrame {
        for (FileResult result : results()) {
            FileReply reply = new FileReply.Done(17, result);
            assertEquals(reply, ReplyCodec.decode(ReplyCodec.encode(reply, ALLOCATOR)));
        }
        for (Lease lease : Lease.values()) {
            FileReply failed = new FileReply.Failed(17, 116, lease);
            assertEquals(failed, ReplyCodec.decode(ReplyCodec.encode(failed, ALLOCATOR)));
        }
    }

    @Test
    void aRecallComesBackAsItWentAndIsToldFromAReply() throws MalformedFileFrame {
        ByteBuf frame = RecallCodec.encode(RECALL, ALLOCATOR);
        assertTrue(RecallCodec.isRecall(frame));
        assertEquals(RECALL, RecallCodec.decode(frame));
        assertFalse(RecallCodec.isRecall(ReplyCodec.encode(new FileReply.Failed(1, 2), ALLOCATOR)));
    }

    @Test
    void aRecallThatIsCutOffAnywhereIsMalformed() {
        ByteBuf frame = RecallCodec.encode(RECALL, ALLOCATOR);
        for (int length = 0; length < frame.readableBytes(); length++) {
            ByteBuf cut = frame.slice(0, length);
            assertThrows(MalformedFileFrame.class, () -> RecallCodec.decode(cut));
        }
    }

    @Test
    void everyOperationAndResultIsTested() {
        Set<Class<?>> tested = new HashSet<>();
        operations().forEach(operation -> tested.add(operation.getClass()));
        results().forEach(result -> tested.add(result.getClass()));
        Set<Class<?>> all = new HashSet<>(List.of(FileOperation.class.getPermittedSubclasses()));
        all.addAll(List.of(FileResult.class.getPermittedSubclasses()));
        assertEquals(all, tested);
    }

    @Test
    void fieldsOfALaterVersionAreIgnored() throws MalformedFileFrame {
        FileCall call = new FileCall(1, Caller.NOBODY, new FileOperation.Lookup(3, NAME));
        ByteBuf frame = CallCodec.encode(call, ALLOCATOR).writeLongLE(123);
        assertEquals(call, CallCodec.decode(frame));
    }

    @Test
    void aFrameThatIsCutOffAnywhereIsMalformedAndNothingElse() {
        for (FileOperation operation : operations()) {
            ByteBuf whole = CallCodec.encode(new FileCall(1, Caller.NOBODY, operation), ALLOCATOR);
            for (int length = 0; length < Math.min(whole.readableBytes(), 300); length++) {
                ByteBuf cut = whole.slice(0, length);
                try {
                    CallCodec.decode(cut);
                    assertTrue(
                            operation instanceof FileOperation.Write || operation instanceof FileOperation.Unknown,
                            operation + " cut to " + length + " bytes was taken");
                } catch (MalformedFileFrame e) {
                    assertTrue(!e.getMessage().isEmpty());
                }
            }
        }
    }

    @Test
    void countsBeyondTheFrameAreRefusedBeforeMemoryIsTaken() {
        ByteBuf frame =
                CallCodec.encode(new FileCall(1, Caller.NOBODY, new FileOperation.Forget(List.of())), ALLOCATOR);
        frame.setIntLE(frame.writerIndex() - 4, Integer.MAX_VALUE);
        assertThrows(MalformedFileFrame.class, () -> CallCodec.decode(frame));
        frame.setIntLE(frame.writerIndex() - 4, -1);
        assertThrows(MalformedFileFrame.class, () -> CallCodec.decode(frame));
    }

    @Test
    void anOversizedFrameIsRefused() {
        ByteBuf frame = CallCodec.encode(
                new FileCall(1, Caller.NOBODY, new FileOperation.Write(1, 0, false, data(1 << 20))), ALLOCATOR);
        frame.writeZero(1 << 17);
        assertThrows(MalformedFileFrame.class, () -> CallCodec.decode(frame));
    }

    @Test
    void randomBytesAreMalformedOrACallAndNothingElse() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int calls = 0;
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            if (bytes.length > 31) {
                bytes[0] = (byte) (1 + random.nextInt(2));
                bytes[29] = (byte) random.nextInt(45);
                bytes[30] = 0;
            }
            if (bytes.length > 15 && random.nextBoolean()) {
                for (int at = 9; at < 13; at++) bytes[at] = 0;
                bytes[13] = (byte) random.nextInt(16);
                bytes[14] = 0;
            }
            try {
                ByteBuf frame = Unpooled.wrappedBuffer(bytes);
                if (bytes.length > 0 && bytes[0] == 2) assertInstanceOf(FileReply.class, ReplyCodec.decode(frame));
                else assertInstanceOf(FileCall.class, CallCodec.decode(frame));
                calls++;
            } catch (MalformedFileFrame e) {
                // as it should be
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
        assertTrue(calls > 1_000, "the fuzzer reached only " + calls + " calls, seed " + seed);
    }
}
