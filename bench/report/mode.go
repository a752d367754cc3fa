package report

// Mode is a way to take the leader away.
type Mode string

const (
	// ModeDelete deletes the pod with its own grace period, as `kubectl delete pod` does.
	ModeDelete Mode = "delete"
	// ModeForce deletes the pod with a grace period of zero: it disappears from the API at once.
	ModeForce Mode = "force"
	// ModeEvict evicts the pod, as `kubectl drain` does. A PodDisruptionBudget may delay it.
	ModeEvict Mode = "evict"
	// ModeReadiness makes the pod's readiness probe fail.
	ModeReadiness Mode = "readiness"
	// ModeCrash ends the pod's process with a non-zero exit code.
	ModeCrash Mode = "crash"
	// ModeFreeze makes the pod's process hang: it accepts connections and answers none.
	ModeFreeze Mode = "freeze"
	// ModeNode waits until somebody switches off the leader's node.
	ModeNode Mode = "node"

	// ModeBurst deletes the leaders of many Services in one request. A sample is the time until all were handed over.
	ModeBurst Mode = "burst"
	// ModeBurstEach has the same failovers as ModeBurst, with a sample for each Service.
	ModeBurstEach Mode = "burst-each"
)

// graceful returns whether the pod is asked to end and may go on serving for a while.
func (m Mode) graceful() bool {
	return m == ModeDelete || m == ModeEvict
}

// Who leads the Service of a row.
type Who string

const (
	// WhoTanist is Tanist.
	WhoTanist Who = "tanist"
	// WhoFloor is the bare watch-and-patch loop.
	WhoFloor Who = "floor"
)
