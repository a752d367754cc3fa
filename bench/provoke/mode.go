package provoke

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tanist-dev/tanist/bench/report"
)

// Modes returns the valid values of --mode, in the order of the documentation.
func Modes() []report.Mode {
	return []report.Mode{report.ModeDelete, report.ModeForce, report.ModeEvict, report.ModeReadiness, report.ModeCrash, report.ModeFreeze, report.ModeNode}
}

// ParseModes turns the values of --mode into modes, each once, in the order given. The error for an unknown one lists the valid ones.
func ParseModes(values []string) ([]report.Mode, error) {
	var modes []report.Mode
	for _, value := range values {
		mode := report.Mode(strings.TrimSpace(value))
		if !slices.Contains(Modes(), mode) {
			return nil, fmt.Errorf("unknown mode %q: must be one of %s", value, ModeNames())
		}
		if !slices.Contains(modes, mode) {
			modes = append(modes, mode)
		}
	}
	if len(modes) == 0 {
		return nil, fmt.Errorf("no mode given: must be one of %s", ModeNames())
	}
	return modes, nil
}

// FromStatus returns whether the loss begins with a change of the pod's status rather than with a request. How long a kubelet takes to
// notice a failed probe is not measured: readiness is the kubelet's to say.
func FromStatus(mode report.Mode) bool { return mode == report.ModeReadiness }

// OwnPodsOnly returns whether a mode works only on bench's own pods: nobody can make another process crash, hang or fail its probe through
// the API, or ask any pod whether it still answers.
func OwnPodsOnly(mode report.Mode) bool {
	return mode == report.ModeReadiness || Unannounced(mode)
}

// Unannounced returns whether the loss begins without a change of any object, so that an observer may notice it before Kubernetes does. A
// verdict moves the leader of a Service once in ten seconds at most, and with each one more rarely, down to once a minute.
func Unannounced(mode report.Mode) bool {
	return mode == report.ModeCrash || mode == report.ModeFreeze || mode == report.ModeNode
}

// ModeNames returns the valid values of --mode for a message.
func ModeNames() string {
	modes := Modes()
	names := make([]string, len(modes))
	for i, mode := range modes {
		names[i] = string(mode)
	}
	return strings.Join(names, ", ")
}
