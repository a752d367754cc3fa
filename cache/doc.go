// Package cache is the leader cache: for each Service with a leader Service, who leads it, who would follow, its term, and each of
// its EndpointSlices as last seen. With it a hand-over needs no read from the API: one conditional patch is all.
//
// It is fed by slice events, by the answers to our own commits and by live reads after a miss; of two versions the newer
// resourceVersion wins, so an informer that lags behind our own write never takes it back. It is not a second cache of pods: those
// are asked of the informer.
//
// The succession controller reads and feeds it. It never talks to the API, never decides who leads, and never modifies an object.
package cache
