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
			return nil, fmt.Errorf("unknown mode %q: must be one of %s", value, ModeList())
		}
		if !slices.Contains(modes, mode) {
			modes = append(modes, mode)
		}
	}
	if len(modes) == 0 {
		return nil, fmt.Errorf("no mode given: must be one of %s", ModeList())
	}
	return modes, nil
}

// MeasuredFromStatus reports whether the loss begins with a change of the pod's status rather than with a request. How long a kubelet takes to
// notice a failed probe is not measured: readiness is the kubelet's to say.
func MeasuredFromStatus(mode report.Mode) bool { return mode == report.ModeReadiness }

// OwnPodsOnly reports whether a mode works only on bench's own pods: nobody can make another process crash, hang or fail its probe through
// the API, or ask any pod whether it still answers.
func OwnPodsOnly(mode report.Mode) bool {
	return mode == report.ModeReadiness || Unannounced(mode)
}

// Unannounced reports whether the loss begins without a change of any object, so that Tanist may notice it before Kubernetes does. Between such
// moves of a leader Tanist waits: ten seconds at first, and twice as long each time, up to a minute. So Restore clears the losses that it
// has recorded.
func Unannounced(mode report.Mode) bool {
	return mode == report.ModeCrash || mode == report.ModeFreeze || mode == report.ModeNode
}

// ModeList returns the valid values of --mode for a message.
func ModeList() string {
	modes := Modes()
	names := make([]string, len(modes))
	for i, mode := range modes {
		names[i] = string(mode)
	}
	return strings.Join(names, ", ")
}
