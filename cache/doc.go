// Package cache is the leader cache: for each Service with a leader Service, who leads it, who would follow, the highest term seen, and
// each of its EndpointSlices as last seen. With it a hand-over needs no read from the API: one conditional update is all. It also keeps
// what admission has prepared, and which pods are about to go.
//
// It is fed by slice events, by the answers to our own commits and by live reads after a miss. Of an event and what is known, the newer
// resourceVersion wins, so an informer that lags behind our own write never takes it back. A live read is believed in any case. It is no
// second cache of pods: those are asked of the informer.
//
// What it remembers saves reads. It decides nothing that the API does not say, so a replica that has just started decides the same.
//
// The failover controller and admission read and feed it, and the leader Service controller reads it. It never talks to the API, never
// decides who leads, and never modifies an object.
package cache
