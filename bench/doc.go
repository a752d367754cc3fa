// Package bench measures failovers: how long the API needs to show a new leader after the old one was taken away, and what clients notice
// meanwhile. `kubectl tanist bench` runs it.
//
// A run takes the leader of a leader Service away again and again, and an independent watch on the Service's EndpointSlices observes when
// another pod leads. No measurement polls. With the floor, each failover of Tanist is followed by one of a bare watch-and-patch loop on an
// identical second workload, which has a source Service, too. The loop shows what the API server alone costs, on the same machine in the
// same minute. With traffic, clients send requests through both leader Services all the while.
//
// The run is in this package; below it are testbed (bench's own workloads), watch (what the independent watches see), floor (the bare
// loop), traffic (clients, meter and server) and report (samples, statistics and how they are written).
//
// The package works against any cluster and knows Tanist only by the names that users see. It never changes a user's Service, slice or
// workload: when users name their own Service, it deletes or evicts its pods. Everything it creates is in namespaces of its own, which it
// removes.
package bench
