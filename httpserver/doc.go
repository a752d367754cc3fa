// Package httpserver makes the servers that pods and other replicas ask. Anything in the cluster can connect to them unless a NetworkPolicy
// prevents that, so each limits what its connections may cost: how many there are, how large the headers of a request are, and how long it
// takes.
package httpserver
