package config

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Names that users, kube-proxy and other controllers see. They are stable.
const (
	// Domain is the prefix of every name of ours.
	Domain = "tanist.dev"

	// EnabledKey is the Namespace label and the Service annotation that opt in, with the value "true".
	EnabledKey = Domain + "/enabled"

	// Annotations that a user writes on a Service. DrainWindowKey may be on a pod too, where it overrules the Service's.
	LeaderServiceKey   = Domain + "/leader-service"
	StrategyKey        = Domain + "/strategy"
	StickyKey          = Domain + "/sticky"
	MinReadyKey        = Domain + "/min-ready"
	NotReadyGraceKey   = Domain + "/not-ready-grace"
	DrainWindowKey     = Domain + "/drain-window"
	PreferredLeaderKey = Domain + "/preferred-leader"
	SameControllerKey  = Domain + "/same-controller"
	CopyLabelsKey      = Domain + "/copy-labels"
	CopyAnnotationsKey = Domain + "/copy-annotations"
	ProbeKey           = Domain + "/probe"
	LossAfterKey       = Domain + "/loss-after"
	FreezeAfterKey     = Domain + "/freeze-after"

	PausedKey             = Domain + "/paused"
	HandoverOnKey         = Domain + "/handover-on"
	CandidateConditionKey = Domain + "/candidate-condition"
	PreferredNodesKey     = Domain + "/preferred-nodes"
	FollowLeaseKey        = Domain + "/follow-lease"
	AfterHandoverKey      = Domain + "/after-handover"

	LeaderServiceTypeKey     = Domain + "/leader-service-type"
	ExternalTrafficPolicyKey = Domain + "/external-traffic-policy"
	LoadBalancerClassKey     = Domain + "/load-balancer-class"

	// PriorityKey is an annotation that a user writes on a pod: an integer. The higher priority wins, before the strategy.
	PriorityKey = Domain + "/priority"

	// CandidateKey is an annotation that a user writes on a pod: with the value "false", the pod is never made leader.
	CandidateKey = Domain + "/candidate"

	// DrainWindowAppliedKey is the annotation that Tanist writes on a pod whose grace period it has extended: by how long.
	DrainWindowAppliedKey = Domain + "/drain-window-applied"

	// DrainWindowRefusedKey is the annotation that Tanist writes on a pod that was created without its drain window, because pods with
	// it were refused: the window.
	DrainWindowRefusedKey = Domain + "/drain-window-refused"

	// Annotations that Tanist writes on the EndpointSlice and copies to the leader Service.
	TermKey        = Domain + "/term"
	LeaderKey      = Domain + "/leader"
	LeaderSinceKey = Domain + "/leader-since"
	ReasonKey      = Domain + "/reason"

	// BasisKey is the annotation that Tanist writes on an EndpointSlice: what the commit was based on. It is for Tanist's own replicas,
	// and valid for the term that it names.
	BasisKey = Domain + "/basis"
	// LeavingKey is the annotation that Tanist writes on the primary address family's EndpointSlice when it has moved the leader from a
	// pod whose deletion is still being admitted: the pod's UID, and until when the leader does not move back to it.
	LeavingKey = Domain + "/leaving"

	// LostKey is the annotation that Tanist writes on the primary address family's EndpointSlice when it has moved the leader because it
	// believed it lost although the API did not say so: how often not long ago, and the last three such pods with the times.
	LostKey = Domain + "/lost"

	// OldLeaderKey is the annotation that Tanist writes on the primary address family's EndpointSlice when it moves the leader from a pod that
	// lives on, if the Service has AfterHandoverKey: that pod. It is valid for the term that it names.
	OldLeaderKey = Domain + "/old-leader"

	// HistoryKey is the annotation that Tanist writes on the primary address family's EndpointSlice when it moves the leader: the last moves
	// (a JSON array). It is for people: no replica decides by it.
	HistoryKey = Domain + "/history"

	// SuccessorKey is the annotation that Tanist writes on the leader Service only: the pod that would lead if the leader went now.
	SuccessorKey = Domain + "/successor"

	// HandoversPausedCondition is the condition in the status of the leader Service while the Service asks for a pause. Its reason says which
	// hand-over is held back.
	HandoversPausedCondition = Domain + "/HandoversPaused"

	// LeaderReadyCondition is the condition in the status of the leader Service that says whether a ready pod leads.
	LeaderReadyCondition = Domain + "/LeaderReady"

	// Annotations that Tanist writes on the leader Service for itself. LastGoodKey has the last valid annotations of the Service (a JSON
	// object), InstallationKey the namespace of the Tanist that serves it, and OrphanedSinceKey when its namespace stopped opting in.
	LastGoodKey      = Domain + "/last-good"
	InstallationKey  = Domain + "/installation"
	OrphanedSinceKey = Domain + "/orphaned-since"

	// SourceServiceKey is the label that names the Service that a leader Service or slice was created for.
	SourceServiceKey = Domain + "/source-service"

	// ManagedByKey is the label that names the program that manages an object. ManagedBy is its value on everything Tanist creates.
	ManagedByKey = "app.kubernetes.io/managed-by"
	ManagedBy    = "tanist"
	// SliceManagedBy is the value of endpointslice.kubernetes.io/managed-by on our slices.
	SliceManagedBy = Domain

	// ReplicaNameKey and ReplicaName are a label of Tanist's own pods. RulesKey is the label that names the rules they follow about who may
	// change what. A pod without it follows none: it changes whatever it considers wrong.
	ReplicaNameKey = "app.kubernetes.io/name"
	ReplicaName    = "tanist"
	RulesKey       = Domain + "/rules"

	// PluginFieldManager is the kubectl plugin's name in managedFields. Flux undoes what managers have written whose names begin with kubectl.
	PluginFieldManager = "tanist-plugin"

	// PeersPort is the name of the container port of Tanist's own pods where replicas ask each other.
	PeersPort = "peers"
	// GrantsPort is the name of the container port of Tanist's own pods where pods ask whether they lead.
	GrantsPort = "grants"

	// TokenAudience is the audience of the tokens with which pods may ask.
	TokenAudience = "tanist"

	// LeaseName is the Lease in Tanist's own namespace whose holder maintains the leader Services and makes voluntary moves.
	LeaseName = "tanist"

	// AliveKey is the annotation that a replica of Tanist writes on its own Lease when it hears no other replica: when it was last alive. The
	// Lease has the name of the pod, after LeaseName and a hyphen.
	AliveKey = Domain + "/alive"

	// TuningConfigMap and TuningKey are the ConfigMap in Tanist's own namespace that holds the tuning, and its key.
	TuningConfigMap = "tanist-tuning"
	TuningKey       = "tuning.yaml"
	// TuningState is the ConfigMap that holds the last good tuning, under the same key.
	TuningState = "tanist-state"

	// TuningAPIVersion and TuningKind are the apiVersion and kind of tuning.yaml.
	TuningAPIVersion = "config." + Domain + "/v1alpha1"
	TuningKind       = "Tuning"
)

// serviceKeys are the annotations that a user may write on a Service.
var serviceKeys = []string{
	EnabledKey, LeaderServiceKey, StrategyKey, StickyKey, MinReadyKey, NotReadyGraceKey, DrainWindowKey, PreferredLeaderKey,
	SameControllerKey, CopyLabelsKey, CopyAnnotationsKey, ProbeKey, LossAfterKey, FreezeAfterKey,
	PausedKey, HandoverOnKey, CandidateConditionKey, PreferredNodesKey, AfterHandoverKey,
	LeaderServiceTypeKey, ExternalTrafficPolicyKey, LoadBalancerClassKey, FollowLeaseKey,
}

// IsServiceKey reports whether a key is that of an annotation which a user may write on a Service.
func IsServiceKey(key string) bool { return slices.Contains(serviceKeys, key) }

// podKeys are the annotations that a user may write on a pod.
var podKeys = []string{PriorityKey, DrainWindowKey, CandidateKey}

// writtenKeys are the annotations that Tanist writes itself. A user's Service may have them too, copied from a leader Service.
var writtenKeys = []string{
	TermKey, LeaderKey, LeaderSinceKey, ReasonKey, BasisKey, LeavingKey, LostKey, OldLeaderKey, HistoryKey, SuccessorKey, LastGoodKey,
	InstallationKey, OrphanedSinceKey,
}

// KnownKeys returns the annotations that users and Tanist write on Services and pods.
func KnownKeys() []string {
	return slices.Concat(serviceKeys, podKeys, writtenKeys, []string{DrainWindowAppliedKey, DrainWindowRefusedKey})
}

// Mistyped reports whether a Service's annotations or a Namespace's labels have a value that neither opts in nor out. The annotation's
// previous value counts then; the label does not opt in.
func Mistyped(labelsOrAnnotations map[string]string) bool {
	value, found := labelsOrAnnotations[EnabledKey]
	return found && value != "true" && value != "false"
}

// NeverOptsIn reports whether a namespace cannot opt in, whatever its label says: that of the cluster's own components, and the one that
// Tanist runs in. Admission is not called for them, so that Tanist cannot stand in the way of what it depends on.
func NeverOptsIn(namespace, installation string) bool {
	return namespace == metav1.NamespaceSystem || namespace == installation
}

// Enabled reports whether a Namespace's labels or a Service's annotations opt in. Only the value "true" does.
func Enabled(labelsOrAnnotations map[string]string) bool {
	return labelsOrAnnotations[EnabledKey] == "true"
}
