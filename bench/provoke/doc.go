// Package provoke takes leaders away, in the ways that `--mode` names, and says when each loss began. A run of bench calls it for each failover.
//
// It provokes losses and measures none of them. It acts only on the pod that it is given, by that pod's UID, and changes no slice except what Tanist
// remembers there of the losses of bench's own Services.
package provoke
