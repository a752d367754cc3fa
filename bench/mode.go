package bench

import (
	"fmt"
	"slices"
	"strings"
)

// Mode is a way to take the leader away.
type Mode string

const (
	// ModeDelete deletes the pod with its own grace period, as `kubectl delete pod` does.
	ModeDelete Mode = "delete"
	// ModeForce deletes the pod with a grace period of zero: the pod is gone from the API at once.
	ModeForce Mode = "force"
	// ModeEvict evicts the pod, as `kubectl drain` does; a PodDisruptionBudget may delay it.
	ModeEvict Mode = "evict"
	// ModeReadiness makes the pod's readiness probe fail.
	ModeReadiness Mode = "readiness"
	// ModeCrash ends the pod's process with a non-zero exit code.
	ModeCrash Mode = "crash"

	// ModeBurst deletes the leaders of many Services in one request; a sample is the time until all were handed over.
	ModeBurst Mode = "burst"
	// ModeBurstEach is the same event seen by each of the Services.
	ModeBurstEach Mode = "burst-each"
)

// Modes are what a user may ask for with --mode, in the order of the documentation.
func Modes() []Mode {
	return []Mode{ModeDelete, ModeForce, ModeEvict, ModeReadiness, ModeCrash}
}

// ParseModes turns the values of --mode into modes, each once, in the order given. An unknown one is an error that lists what
// there is.
func ParseModes(values []string) ([]Mode, error) {
	var modes []Mode
	for _, value := range values {
		mode := Mode(strings.TrimSpace(value))
		if !slices.Contains(Modes(), mode) {
			return nil, fmt.Errorf("unknown mode %q: there are %s", value, joinModes(Modes()))
		}
		if !slices.Contains(modes, mode) {
			modes = append(modes, mode)
		}
	}
	if len(modes) == 0 {
		return nil, fmt.Errorf("no mode given: there are %s", joinModes(Modes()))
	}
	return modes, nil
}

// fromStatus says that the loss begins with a change of the pod's status rather than with a call of ours: the time a kubelet
// needs to notice a failed probe or a dead process is its own, and no controller can shorten it.
func (m Mode) fromStatus() bool {
	return m == ModeReadiness || m == ModeCrash
}

// graceful says that the pod is told to end and may serve on for a while.
func (m Mode) graceful() bool {
	return m == ModeDelete || m == ModeEvict
}

// needsOwnWorkload says that the mode works only on pods that bench brought along: nobody can make a stranger's process crash
// or fail its probe through the API.
func (m Mode) needsOwnWorkload() bool {
	return m.fromStatus()
}

func joinModes(modes []Mode) string {
	names := make([]string, len(modes))
	for i, mode := range modes {
		names[i] = string(mode)
	}
	return strings.Join(names, ", ")
}
