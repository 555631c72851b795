/// Who may run a guest while it moves from one node to another, and what is to be done next. Pure: a state and
/// an event in, a state and actions out.
package drover.policy.handoff;
