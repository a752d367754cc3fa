package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// The type of what is printed as JSON or YAML. Fields are added, never renamed or removed, as long as the version stays.
const (
	APIVersion = "cli.tanist.dev/v1"
	KindLeader = "Leader"
	KindList   = "LeaderList"
)

// List is what there is to say of several Services, ordered by namespace and name.
type List struct {
	metav1.TypeMeta `json:",inline"`
	Items           []Leader `json:"items"`
	// Warnings are about Tanist itself.
	Warnings []Warning `json:"warnings,omitempty"`
}

// Leader is what there is to say of one Service.
type Leader struct {
	metav1.TypeMeta `json:",inline"`
	Namespace       string `json:"namespace"`
	Service         string `json:"service"`
	// LeaderService is the name of the leader Service that there is; empty for none.
	LeaderService string `json:"leaderService,omitempty"`

	// Leader is the pod in the EndpointSlices; nil when nobody leads.
	Leader *Pod `json:"leader,omitempty"`
	// Successor is the pod that Tanist would let follow now; empty for nobody. SuccessorPending says that Tanist has not published
	// yet who follows this leader.
	Successor        string `json:"successor,omitempty"`
	SuccessorPending bool   `json:"successorPending,omitempty"`
	// Term grows with every change of leader; 0 before the first.
	Term int64 `json:"term"`
	// Since is when the term began.
	Since *time.Time `json:"since,omitempty"`
	// Reason is why the leader before gave way.
	Reason string `json:"reason,omitempty"`

	Options Options `json:"options"`
	// Candidates are the pods that the Service selects; nil when they may not be read.
	Candidates *Candidates `json:"candidates,omitempty"`
	Slices     []Slice     `json:"slices,omitempty"`
	Warnings   []Warning   `json:"warnings,omitempty"`
}

// Pod is the leader. What only its Pod object tells is missing when that may not be read.
type Pod struct {
	Name string    `json:"name"`
	UID  types.UID `json:"uid"`
	Node string    `json:"node,omitempty"`
	// Ready is what the EndpointSlice says: false for a leader that terminates and serves until somebody can follow.
	Ready bool `json:"ready"`
	// Addresses are those of all its slices, one per address family.
	Addresses []string `json:"addresses,omitempty"`
	// DrainWindow is how long it keeps serving after its deletion begins, because of a preStop sleep; a duration such as 3s, 0s for
	// not at all.
	DrainWindow string `json:"drainWindow,omitempty"`
	// OwnPreStop says that a container has a preStop of its own, which nobody but its author knows the length of.
	OwnPreStop bool `json:"ownPreStop,omitempty"`
	// Revision is the one of its workload that it belongs to: pod-template-hash or controller-revision-hash.
	Revision string `json:"revision,omitempty"`
}

// Options are what the Service's annotations ask for. Those that are wrong are missing: Tanist keeps the last good value.
type Options struct {
	Strategy        string `json:"strategy,omitempty"`
	Sticky          *bool  `json:"sticky,omitempty"`
	MinReady        string `json:"minReady,omitempty"`
	NotReadyGrace   string `json:"notReadyGrace,omitempty"`
	DrainWindow     string `json:"drainWindow,omitempty"`
	PreferredLeader string `json:"preferredLeader,omitempty"`
}

// Candidates are how many pods there are to choose from.
type Candidates struct {
	// Ready are Ready and not being deleted.
	Ready int `json:"ready"`
	Total int `json:"total"`
}

// Slice is one EndpointSlice with the leader Service's name.
type Slice struct {
	Name        string   `json:"name"`
	AddressType string   `json:"addressType"`
	Addresses   []string `json:"addresses,omitempty"`
	// Foreign says that Tanist did not make it.
	Foreign bool `json:"foreign,omitempty"`
}

// Objects are what a Leader is made of. Nothing in them is modified.
type Objects struct {
	Service *corev1.Service
	// Namespace is nil when it may not be read.
	Namespace metav1.Object
	// Services, Slices and Pods are those of the namespace, or more.
	Services []*corev1.Service
	Slices   []*discoveryv1.EndpointSlice
	Pods     []*corev1.Pod
	// Events are those of refused writes.
	Events []*corev1.Event
	// PodsKnown is false when pods may not be read.
	PodsKnown bool
}

// DeepCopyObject makes it a runtime.Object, which the printers of kubectl ask for. A List is never changed after it was made.
func (l *List) DeepCopyObject() runtime.Object {
	copied := *l
	return &copied
}

// DeepCopyObject makes it a runtime.Object. A Leader is never changed after it was made.
func (l *Leader) DeepCopyObject() runtime.Object {
	copied := *l
	return &copied
}
