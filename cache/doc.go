// Package cache is the leader cache. For each Service with a leader Service it keeps who leads, who would follow, the highest term seen,
// and the last known version of each EndpointSlice. So a hand-over reads nothing from the API: it is one conditional update. The cache
// also keeps the hand-overs that admission has prepared, and the pods whose departure was admitted.
//
// It is fed by slice events, by the API server's answers to this replica's writes, and by live reads after a miss. Between an event and
// what is known, the newer resourceVersion wins, so an informer that lags behind a write of this replica does not undo it. A live read
// replaces what is known even if its version is older. Pods are not cached here: the informer has them.
//
// The cache saves reads. It holds nothing that the API does not say, so a replica that has just started decides the same.
//
// The failover controller and admission read and feed it; the leader Service controller reads it. It never talks to the API, never
// decides who leads, and never modifies an object.
package cache
