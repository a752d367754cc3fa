// Package cache keeps for each Service with a leader Service who leads it, the successor according to the last decision, the highest term
// seen, and the last known version of each EndpointSlice: its object and resourceVersion. So a hand-over reads nothing from the API: it is
// one conditional update. The cache also keeps the hand-overs that admission has prepared, the pods whose departure (a deletion or an
// eviction) was admitted, and since when commits have been due, which determines which replica commits first. It implements
// prometheus.Collector for its hits and misses, for the outcomes of prepared hand-overs, and for the leader and term of each Service.
//
// It is fed by slice events, by the API server's answers to this replica's writes, and by live reads after a miss. An event older than what
// is known is ignored, so an informer that lags behind a write of this replica does not undo it. A live read replaces what is known even if
// its version is older: after a restore of etcd, the older version is the current one. Pods are not cached here: the informer has them.
//
// The cache saves reads. A replica that has just started learns from the API who leads, and decides the same from what the API shows. It
// does not know what the previous process alone knew: prepared hand-overs (it commits like a replica whose admission was not called),
// admitted departures that the pods do not show yet (it may choose such a pod), the terms of slices that were deleted before anything was
// decided from them, and since when commits have been due.
//
// The failover controller and admission read and feed it; the leader Service controller reads it. It never talks to the API, never
// decides who leads, and never modifies an object.
package cache
