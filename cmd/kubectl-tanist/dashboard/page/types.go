package page

import (
	"time"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/leaderslice"
)

// Window is how far the time lines go back.
const Window = 10 * time.Minute

// Row is what the page shows of one Service.
type Row struct {
	Status status.Leader `json:"status"`
	// ReasonText says in words why the leadership changed.
	ReasonText string `json:"reasonText,omitempty"`
	// Watched says how a loss of the leader that nobody announces is noticed.
	Watched string `json:"watched,omitempty"`
	// Bands, Moves and Disruptions are the time line, the oldest first.
	Bands       []Band       `json:"bands"`
	Moves       []Move       `json:"moves"`
	Disruptions []Disruption `json:"disruptions"`
}

// Band is a time in which the leader did not change.
type Band struct {
	// Pod is the leader; empty if nobody led.
	Pod string `json:"pod,omitempty"`
	// From is nil if the beginning is not known, and To if the time has not ended.
	From *time.Time `json:"from,omitempty"`
	To   *time.Time `json:"to,omitempty"`
}

// Move is a change of leader.
type Move struct {
	leaderslice.Move
	Kind       MoveKind `json:"kind"`
	ReasonText string   `json:"reasonText,omitempty"`
}

// Disruption is something that happened to a pod of the Service.
type Disruption struct {
	At time.Time `json:"at"`
	// Pod is its name.
	Pod string `json:"pod"`
	// Text says what happened. It follows the pod's name.
	Text string `json:"text"`
	// Planned is true if somebody asked the API for it.
	Planned bool `json:"planned"`
	// Led is true if the pod led at that time.
	Led bool `json:"led"`
}
