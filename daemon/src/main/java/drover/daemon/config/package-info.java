/// The configuration of one node.
package drover.daemon.config;
