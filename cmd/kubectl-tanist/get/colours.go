package get

import (
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/terminal"
)

// The states of a leader's pod, behind its name.
const (
	isGone     = " (gone)"
	isNotReady = " (not ready)"
)

// colours are those of the phrases of a table on a terminal: red for what clients notice now, or what keeps a Service from having a leader,
// and yellow for what may cost them something later. Each phrase has a space, so that no object's name is taken for one.
var colours = map[string]terminal.Colour{
	isGone: terminal.Red, isNotReady: terminal.Red,

	status.NamespaceNotOptedIn: terminal.Red, status.WrongNamespaceLabel: terminal.Red, status.ServiceNotOptedIn: terminal.Red, status.CannotHaveLeader: terminal.Red,
	status.NameTaken: terminal.Red, status.NoLeaderService: terminal.Red, status.WriteRefused: terminal.Red,
	status.NoPodSelected: terminal.Red, status.NoReadyPod: terminal.Red, status.NoFitPod: terminal.Red, status.NoLeader: terminal.Red,
	status.LeaderGone: terminal.Red, status.LeaderNotReady: terminal.Red, status.SeveralReady: terminal.Red,

	status.WrongAnnotation: terminal.Yellow, status.WrongPodAnnotation: terminal.Yellow, status.NoPreferredLeader: terminal.Yellow,
	status.LeaderTerminating: terminal.Yellow, status.IncompleteLeader: terminal.Yellow, status.ForeignSlice: terminal.Yellow,
	status.NoReadinessProbe: terminal.Yellow, status.SingleCandidate: terminal.Yellow,
	status.LeaseMissing: terminal.Yellow, status.LeaseNotHeld: terminal.Yellow, status.LeaseHolderUnknown: terminal.Yellow,
	status.LeaseHolderNotReady: terminal.Red,
	status.Paused:              terminal.Yellow, status.HeldBack: terminal.Yellow, status.ExcludedLeader: terminal.Yellow, status.OtherType: terminal.Yellow,
	status.OldLeaderStays: terminal.Yellow,
	status.NoDrainWindow:  terminal.Yellow, status.SuccessorNoWindow: terminal.Yellow,
}
