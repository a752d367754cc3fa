// Package cluster brings a cluster up and down and tells how it is: the steps, in their order, over the packages that know how.
package cluster
