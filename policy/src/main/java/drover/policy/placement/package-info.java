/// Chooses the node a job starts on. Pure: an immutable view in, a decision out.
package drover.policy.placement;
