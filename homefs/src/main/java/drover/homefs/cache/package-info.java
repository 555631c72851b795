/// What a node keeps of homes' content, by its hash.
package drover.homefs.cache;
