/// File calls from a guest's node to its home, their replies, and their codec.
///
/// A frame on a FILES or BULK link is: u8 kind (1 call, 2 reply; 3 is kept for what home pushes: invalidation and
/// recall of leases), then for a call u64 id, u64 job, u32 epoch, u32 uid, u32 gid, u16 operation, its fields;
/// for a reply u64 id, u32 errno, and if that is 0 u16 result, its fields. Integers are little-endian; a byte
/// string is a u32 length and its bytes. Fields may be added at the end of an operation or result: a reader
/// ignores what it does not know. An unknown operation is answered with ENOSYS, a malformed one with EPROTO; the
/// link lives on.
///
/// Operations 64 to 95 are kept for whole paths looked up at once, and for leases.
package drover.protocol.file;
