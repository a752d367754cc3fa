// Package httpserver makes the servers behind Tanist's ports. Anything in the cluster can connect to most of them, so each limits what its
// connections may cost: how many there are, how large a request's headers are, and how long it takes. The connections of one address never
// take the place of another's, which has fewer.
package httpserver
