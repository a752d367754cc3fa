// Package trim reduces objects to what Tanist uses of them, before they are kept in memory. Without it, the cluster's pods would take most
// of a replica's memory, and anyone who may create large objects could exhaust it.
//
// The informers of package store trim what they receive, and the controllers what they read live, so that both see the same. What is left of
// a pod need not look like a part of it: one container status stands for all crashes, and one restart policy for those of all containers. So
// the functions that read these fields are here too, and answer the same for an object before and after it is trimmed (HasCrashed,
// RunsToCompletion, ShuttingDown, NodeUnknown, VMEvent).
//
// It never reads from the API, and never decides anything about a leader.
package trim
