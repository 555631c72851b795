/// How load is filtered and which entries of the load window travel. Pure.
package drover.policy.load;
