package testbed

import (
	"time"
)

// Names on what bench creates. They differ from Tanist's, so that neither takes the other's objects for its own.
const (
	// ManagedBy is the value of ManagedByLabel.
	ManagedBy = "tanist-bench"
	// FloorManagedBy manages the floor's slices: neither Tanist nor Kubernetes' own controller, so that both leave them alone.
	FloorManagedBy = "bench.tanist.dev"
	// VictimLabel is on the leaders that a burst deletes with one request.
	VictimLabel = "bench.tanist.dev/victim"
	// ManagedByLabel is the common label for who manages an object.
	ManagedByLabel = "app.kubernetes.io/managed-by"

	// ServerPort is the port of the server in bench's own pods.
	ServerPort = 8080
	portName   = "http"
	// gracePeriod is added to the preStop of bench's own pods: their server exits at once.
	gracePeriod = 5 * time.Second
	// simulatedGracePeriod is that of simulated pods, which are there until it is over: nothing in them exits.
	simulatedGracePeriod = 2 * time.Second
)
