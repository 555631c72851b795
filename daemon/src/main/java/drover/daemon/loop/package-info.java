/// One owner for mutable state: a thread and its inbox.
package drover.daemon.loop;
