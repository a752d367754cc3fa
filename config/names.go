package config

// Names that users, kube-proxy and other controllers see. They are stable.
const (
	// Domain prefixes every name of ours.
	Domain = "tanist.dev"

	// EnabledKey is the Namespace label and the Service annotation that opt in, with the value "true".
	EnabledKey = Domain + "/enabled"

	// Annotations a user writes on a Service. DrainWindowKey may stand on a pod too, where it overrules the Service's.
	LeaderServiceKey   = Domain + "/leader-service"
	StrategyKey        = Domain + "/strategy"
	StickyKey          = Domain + "/sticky"
	MinReadyKey        = Domain + "/min-ready"
	NotReadyGraceKey   = Domain + "/not-ready-grace"
	DrainWindowKey     = Domain + "/drain-window"
	PreferredLeaderKey = Domain + "/preferred-leader"
	CopyLabelsKey      = Domain + "/copy-labels"
	CopyAnnotationsKey = Domain + "/copy-annotations"

	// PriorityKey is the annotation a user writes on a pod: an integer, higher wins before the strategy.
	PriorityKey = Domain + "/priority"

	// DrainWindowAppliedKey is the annotation Tanist writes on a pod whose grace period it has extended: by how long.
	DrainWindowAppliedKey = Domain + "/drain-window-applied"

	// DrainWindowRefusedKey is the annotation Tanist writes on a pod that was created without its drain window, because pods with it
	// were refused: which window that was.
	DrainWindowRefusedKey = Domain + "/drain-window-refused"

	// Annotations Tanist writes on the EndpointSlice and mirrors on the leader Service.
	TermKey        = Domain + "/term"
	LeaderKey      = Domain + "/leader"
	LeaderSinceKey = Domain + "/leader-since"
	ReasonKey      = Domain + "/reason"

	// BasisKey is the annotation Tanist writes on an EndpointSlice: what the commit was decided upon. It is for Tanist's own replicas,
	// and bound to the term it names.
	BasisKey = Domain + "/basis"
	// LeavingKey is the annotation Tanist writes on the primary address family's EndpointSlice when it has moved the leader away from a pod whose deletion is still being
	// admitted: the pod's UID, and until when nobody moves back to it.
	LeavingKey = Domain + "/leaving"

	// SuccessorKey is the annotation Tanist writes on the leader Service alone: the pod that would lead if the leader went now.
	SuccessorKey = Domain + "/successor"

	// Annotations Tanist writes on the leader Service for itself. LastGoodKey has the Service's annotations as they were when they were
	// last right (a JSON object), InstallationKey the namespace of the Tanist that serves it, OrphanedSinceKey since when its namespace
	// has no longer opted in.
	LastGoodKey      = Domain + "/last-good"
	InstallationKey  = Domain + "/installation"
	OrphanedSinceKey = Domain + "/orphaned-since"

	// SourceServiceKey is the label that names the Service a leader Service or slice was made for.
	SourceServiceKey = Domain + "/source-service"

	// ManagedByKey is the label that says which program manages an object, and ManagedBy its value on everything Tanist makes.
	ManagedByKey = "app.kubernetes.io/managed-by"
	ManagedBy    = "tanist"
	// SliceManagedBy is the value of endpointslice.kubernetes.io/managed-by on our slices.
	SliceManagedBy = Domain

	// ReplicaNameKey and ReplicaName are the label of a pod of Tanist, and RulesKey the one that says which rules it follows about who may
	// change what. A pod without it follows none: each of its replicas changes what it believes to be wrong.
	ReplicaNameKey = "app.kubernetes.io/name"
	ReplicaName    = "tanist"
	RulesKey       = Domain + "/rules"

	// LeaseName is the Lease in Tanist's own namespace whose holder keeps the leader Services.
	LeaseName = "tanist"

	// TuningConfigMap and TuningKey are where the tuning is, in Tanist's own namespace.
	TuningConfigMap = "tanist-tuning"
	TuningKey       = "tuning.yaml"
	// TuningState is the ConfigMap beside it that holds the last good tuning, under the same key.
	TuningState = "tanist-state"

	// TuningAPIVersion and TuningKind are what tuning.yaml may say that it is.
	TuningAPIVersion = "config." + Domain + "/v1alpha1"
	TuningKind       = "Tuning"
)

// serviceKeys are the annotations a user may write on a Service.
var serviceKeys = []string{
	EnabledKey, LeaderServiceKey, StrategyKey, StickyKey, MinReadyKey, NotReadyGraceKey, DrainWindowKey, PreferredLeaderKey,
	CopyLabelsKey, CopyAnnotationsKey,
}

// podKeys are the annotations a user may write on a pod.
var podKeys = []string{PriorityKey, DrainWindowKey}

// writtenKeys are the annotations Tanist writes itself. A user's Service may carry them too, copied from a leader Service.
var writtenKeys = []string{
	TermKey, LeaderKey, LeaderSinceKey, ReasonKey, BasisKey, LeavingKey, SuccessorKey, LastGoodKey, InstallationKey, OrphanedSinceKey,
}

// Mistyped says whether a Service's annotation is there with a value that neither opts in nor out. What it asked for before counts.
func Mistyped(annotations map[string]string) bool {
	value, found := annotations[EnabledKey]
	return found && value != "true" && value != "false"
}

// Enabled says whether a Namespace's labels or a Service's annotations opt in. Only the value "true" does.
func Enabled(labelsOrAnnotations map[string]string) bool {
	return labelsOrAnnotations[EnabledKey] == "true"
}
