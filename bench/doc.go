// Package bench measures failovers: how long the API needs to show a new leader after the old one was taken away, and what
// clients notice meanwhile. It is what `kubectl tanist bench` runs.
//
// A run takes the leader of a leader Service away again and again and lets an independent watch on the Service's EndpointSlices
// say when another pod leads. Nothing is polled. With the floor, every failover of Tanist's is followed by one of a bare
// watch-and-patch loop on an identical second workload, with a Service of its own that selects it: what the API server alone
// costs, on the same machine in the same minute. With traffic, clients send requests through both leader Services all the while.
//
// The package works against any cluster, with or without Tanist's source at hand: it knows Tanist only by the names that users
// see. It never changes a Service, slice or workload of the user's: it deletes or evicts their pods when they name their own
// Service, and everything it creates lives in namespaces of its own, which it removes.
package bench
