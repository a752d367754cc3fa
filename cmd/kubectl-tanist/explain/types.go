package explain

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/election"
)

// Kind is the kind of what is printed as JSON or YAML, of the version status.APIVersion. Within a version, fields are added, but never renamed
// or removed.
const Kind = "Explanation"

// Explanation explains one Service.
type Explanation struct {
	metav1.TypeMeta `json:",inline"`
	// Status is what `kubectl tanist get` shows.
	Status status.Leader `json:"status"`
	// Problem is why the Service cannot have a leader, and the remedy; nil if it can.
	Problem *status.Warning `json:"problem,omitempty"`
	// ReasonText says in words why the leadership changed.
	ReasonText string `json:"reasonText,omitempty"`
	// Watched says in words how a loss of the leader that nobody announces is noticed.
	Watched []string `json:"watched,omitempty"`
	// Move is the change of leader that is due; nil if none is.
	Move *Move `json:"move,omitempty"`
	// Follows is the Lease that the Service follows, and its holder; empty if it follows none.
	Follows string `json:"follows,omitempty"`
	// HeldBack is the change of leader that waits because the Service is paused; nil if none does.
	HeldBack *Move `json:"heldBack,omitempty"`
	// Pods are those of the Service, in the order of succession; those that cannot lead come last.
	Pods []Pod `json:"pods,omitempty"`
	// Notes say what the user may not read, and what is missing without it.
	Notes []string `json:"notes,omitempty"`
}

// Move is a change of leader that is due.
type Move struct {
	// To is the pod that takes over; empty if nobody leads then.
	To     string          `json:"to,omitempty"`
	Reason election.Reason `json:"reason"`
	// At is when, if time has to pass; nil if the move is due now.
	At *time.Time `json:"at,omitempty"`
}

// Pod is a pod of the Service.
type Pod struct {
	Name string    `json:"name"`
	UID  types.UID `json:"uid"`
	Node string    `json:"node,omitempty"`
	// Leads is true for the pod that the EndpointSlices name.
	Leads bool `json:"leads,omitempty"`
	// Role is what the rules say of the pod.
	Role     election.Role `json:"role"`
	Priority int           `json:"priority"`
	// Obstacles are why the pod cannot lead, or why others come before it.
	Obstacles []Obstacle `json:"obstacles,omitempty"`
	// Behind is what places the pod after the one before it.
	Behind *Behind `json:"behind,omitempty"`
	// ToLead is what would have to happen for the pod to lead.
	ToLead []string `json:"toLead,omitempty"`
	// DrainWindow is how long it keeps serving after its deletion begins, as in the status. NoDrainWindow is why it does not although it should.
	DrainWindow   string `json:"drainWindow,omitempty"`
	OwnPreStop    bool   `json:"ownPreStop,omitempty"`
	NoDrainWindow string `json:"noDrainWindow,omitempty"`
}

// Obstacle is an obstacle of a pod, in words.
type Obstacle struct {
	Obstacle election.Obstacle `json:"obstacle"`
	Message  string            `json:"message"`
}

// Behind is what places a pod after another.
type Behind struct {
	Pod       string             `json:"pod"`
	Criterion election.Criterion `json:"criterion"`
	Message   string             `json:"message"`
}

// DeepCopyObject implements runtime.Object, which kubectl's printers take. The copy is shallow: an Explanation never changes.
func (e *Explanation) DeepCopyObject() runtime.Object {
	copied := *e
	return &copied
}
