// Package bench measures failovers: how long it takes until the API shows a new leader after the old one was taken away, and what clients
// notice meanwhile. `kubectl tanist bench` runs it.
//
// A run takes the leader of a leader Service away again and again. A watch of its own on the Service's EndpointSlices, not Tanist's, shows
// when another pod leads. The latency is from the request that takes the leader away, or from the change of the pod's status, to that
// event. Only mode node polls: bench cannot switch off a node, so it asks the pod every 20 ms whether it still answers. A burst deletes the
// leaders of many Services with one request.
//
// With the floor, failovers of Tanist alternate with those of a bare watch-and-patch loop on an identical second workload, and each of the
// two goes first in every second round. The loop shows what the API server alone costs, on the same machine and at about the same time. Its
// workload also has a source Service, one that selects the pods, because Kubernetes updates the slices of such a Service at the same time as
// the leader Service's. With traffic, clients send requests through both leader Services all the while.
//
// The run is in this package; below it are testbed (bench's own workloads), provoke (how leaders are taken away), watch (what its watches
// see), floor (the bare loop), traffic (clients, meter and server) and report (samples, statistics and how they are written).
//
// The package works against any cluster. It calls nothing of Tanist: it knows the labels, annotations and names that Tanist uses in the API.
// It never changes a user's Service, slice or workload: when users name their own Service, it deletes or evicts pods of that Service.
// Everything it creates is in namespaces of its own, which it removes.
package bench
