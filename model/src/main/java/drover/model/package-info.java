/// One word per thing: nodes, jobs, their states, load vectors and units. Values only.
package drover.model;
