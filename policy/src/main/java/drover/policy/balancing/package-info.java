/// Whether a guest should move while it runs, and where to. Pure: an immutable view in, a decision out.
package drover.policy.balancing;
