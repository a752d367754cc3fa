package provoke

import (
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/bench/report"
)

// Loss is when a loss began.
type Loss struct {
	At time.Time
	// Call is how long the request took that provoked the loss. For node, it is how long after At the pod counted as silent.
	Call time.Duration
}

// Provoker takes the leaders of one namespace away in one mode.
type Provoker struct {
	Mode      report.Mode
	Client    kubernetes.Interface
	Namespace string
	// Simulated is true when no process runs in the pods, so that a loss of readiness must be written to their status.
	Simulated bool
	// Printf tells the user what to do, where bench cannot do it.
	Printf func(format string, args ...any)
}
