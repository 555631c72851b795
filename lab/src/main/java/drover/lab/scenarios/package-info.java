/// What runs in a lab's nodes: how a cluster is made of them.
package drover.lab.scenarios;
