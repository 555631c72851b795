/// What home and a guest's node say about a job, and the session frames that deputy and keeper exchange through
/// them.
package drover.protocol.job;
