// Package watch observes leader Services from outside: which pod leads each of them, since when, and which pods could. Two watches,
// on pods and on EndpointSlices, feed a View, and whoever drives failovers waits for what the View sees.
//
// Every event gets its time as soon as it is decoded. That is why no informer is used: its queue and its goroutines would add to what is
// measured.
//
// The package never writes to the API, and it treats Tanist's Services and the floor's alike.
package watch
