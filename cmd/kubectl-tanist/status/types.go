package status

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// The types of what is printed as JSON or YAML. Within a version, fields are added, but never renamed or removed.
const (
	APIVersion = "cli.tanist.dev/v1"
	KindLeader = "Leader"
	KindList   = "LeaderList"
)

// List describes several Services, sorted by namespace and name.
type List struct {
	metav1.TypeMeta `json:",inline"`
	Items           []Leader `json:"items"`
	// Warnings are about Tanist itself.
	Warnings []Warning `json:"warnings,omitempty"`
}

// Leader describes one Service and its leader.
type Leader struct {
	metav1.TypeMeta `json:",inline"`
	Namespace       string `json:"namespace"`
	Service         string `json:"service"`
	// LeaderService is the name of the leader Service; empty if it does not exist.
	LeaderService string `json:"leaderService,omitempty"`

	// Leader is the pod in the EndpointSlices; nil if nobody leads.
	Leader *Pod `json:"leader,omitempty"`
	// Successor is the pod that would lead if the leader went now; empty if there is none. SuccessorPending means that Tanist has not
	// published it yet.
	Successor        string `json:"successor,omitempty"`
	SuccessorPending bool   `json:"successorPending,omitempty"`
	// Term grows with every change of leader, and is there before the first; 0 without EndpointSlices.
	Term int64 `json:"term"`
	// Since is when the term began: the leader took over, or the last one was lost. It is missing if nobody has led yet.
	Since *time.Time `json:"since,omitempty"`
	// Reason is why the leadership changed.
	Reason string `json:"reason,omitempty"`

	// Watched is how Tanist notices that the leader is lost; nil if nobody leads, or if the user may not read pods.
	Watched *Watched `json:"watched,omitempty"`

	Options Options `json:"options"`
	// Candidates counts the pods that the Service selects; nil if the user may not read them.
	Candidates *Candidates `json:"candidates,omitempty"`
	Slices     []Slice     `json:"slices,omitempty"`
	Warnings   []Warning   `json:"warnings,omitempty"`
}

// Pod is the leader. If the user may not read pods, the fields from its Pod object are missing.
type Pod struct {
	Name string    `json:"name"`
	UID  types.UID `json:"uid"`
	Node string    `json:"node,omitempty"`
	// Ready is the condition in the EndpointSlice. It is false for a leader that terminates and serves until a pod can follow.
	Ready bool `json:"ready"`
	// State is what the pod itself shows: Ready, NotReady, Terminating or Gone. It is empty if the user may not read pods. Until Tanist has
	// moved the leader, the EndpointSlice may still say that a pod is ready which is not.
	State PodState `json:"state,omitempty"`
	// Addresses has one address for each address family.
	Addresses []string `json:"addresses,omitempty"`
	// DrainWindow is how long it keeps serving after its deletion begins, because of a preStop sleep: a duration such as 3s, or 0s.
	DrainWindow string `json:"drainWindow,omitempty"`
	// OwnPreStop is true if a container has a preStop command or request of its own, whose duration is unknown.
	OwnPreStop bool `json:"ownPreStop,omitempty"`
	// Revision is the revision of its workload: pod-template-hash or controller-revision-hash.
	Revision string `json:"revision,omitempty"`
}

// PodState is the state of the leader's pod.
type PodState string

// The states of a pod.
const (
	PodReady       PodState = "Ready"
	PodNotReady    PodState = "NotReady"
	PodTerminating PodState = "Terminating"
	// PodGone is a pod that no longer exists, has finished, or is no longer selected by the Service.
	PodGone PodState = "Gone"
)

// Options are what the Service's annotations ask for. A wrong one is missing: Tanist keeps the last good value.
type Options struct {
	Strategy        string `json:"strategy,omitempty"`
	Sticky          *bool  `json:"sticky,omitempty"`
	MinReady        string `json:"minReady,omitempty"`
	NotReadyGrace   string `json:"notReadyGrace,omitempty"`
	DrainWindow     string `json:"drainWindow,omitempty"`
	PreferredLeader string `json:"preferredLeader,omitempty"`
	SameController  string `json:"sameController,omitempty"`
	Probe           string `json:"probe,omitempty"`
	LossAfter       string `json:"lossAfter,omitempty"`
	FreezeAfter     string `json:"freezeAfter,omitempty"`

	Paused bool `json:"paused,omitempty"`
	// HandoverOn lists the announcements that move the leader, separated by commas, or is none. It is empty if the tuning decides.
	HandoverOn         string `json:"handoverOn,omitempty"`
	CandidateCondition string `json:"candidateCondition,omitempty"`
	PreferredNodes     string `json:"preferredNodes,omitempty"`
	FollowLease        string `json:"followLease,omitempty"`
	// AfterHandover is evict, or what is called on the old leader. It is empty for none.
	AfterHandover string `json:"afterHandover,omitempty"`
	// LeaderServiceType is empty for the default, ClusterIP.
	LeaderServiceType     string `json:"leaderServiceType,omitempty"`
	ExternalTrafficPolicy string `json:"externalTrafficPolicy,omitempty"`
	LoadBalancerClass     string `json:"loadBalancerClass,omitempty"`
}

// Candidates is how many pods may lead.
type Candidates struct {
	// Ready counts the pods that are Ready and not being deleted.
	Ready int `json:"ready"`
	Total int `json:"total"`
}

// Slice is one EndpointSlice with the leader Service's name.
type Slice struct {
	Name        string   `json:"name"`
	AddressType string   `json:"addressType"`
	Addresses   []string `json:"addresses,omitempty"`
	// Foreign is true if Tanist did not create it.
	Foreign bool `json:"foreign,omitempty"`
}

// Objects are what a Leader is derived from. Nothing in them is modified.
type Objects struct {
	Service *corev1.Service
	// Namespace is nil if the user may not read it.
	Namespace metav1.Object
	// Services, Slices and Pods are those of the namespace. More do no harm.
	Services []*corev1.Service
	Slices   []*discoveryv1.EndpointSlice
	Pods     []*corev1.Pod
	// Events are those about rejected writes.
	Events []*corev1.Event
	// PodsKnown is false if the user may not read pods.
	PodsKnown bool
	// Observation is what holds for all leaders.
	Observation Observation
	// Leases has the Leases that Services follow.
	Leases Leases
}

// DeepCopyObject implements runtime.Object, which kubectl's printers take. The copy is shallow: a List never changes.
func (l *List) DeepCopyObject() runtime.Object {
	copied := *l
	return &copied
}

// DeepCopyObject implements runtime.Object. The copy is shallow: a Leader never changes.
func (l *Leader) DeepCopyObject() runtime.Object {
	copied := *l
	return &copied
}
