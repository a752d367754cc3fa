// Package cluster brings a cluster up and down and reports its status: the steps, in their order. How each step works is in the packages
// components, controlplane, node and process. The command and its end-to-end tests call it.
package cluster
