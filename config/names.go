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

	// SuccessorKey is the annotation Tanist writes on the leader Service alone: the pod that would lead if the leader went now.
	SuccessorKey = Domain + "/successor"

	// SourceServiceKey is the label that names the Service a leader Service or slice was made for.
	SourceServiceKey = Domain + "/source-service"

	// ManagedByKey is the label that says which program manages an object, and ManagedBy its value on everything Tanist makes.
	ManagedByKey = "app.kubernetes.io/managed-by"
	ManagedBy    = "tanist"
	// SliceManagedBy is the value of endpointslice.kubernetes.io/managed-by on our slices.
	SliceManagedBy = Domain

	// TuningConfigMap and TuningKey are where the tuning is, in Tanist's own namespace.
	TuningConfigMap = "tanist-tuning"
	TuningKey       = "tuning.yaml"
)

// serviceKeys are the annotations a user may write on a Service.
var serviceKeys = []string{
	EnabledKey, LeaderServiceKey, StrategyKey, StickyKey, MinReadyKey, NotReadyGraceKey, DrainWindowKey, PreferredLeaderKey,
}

// podKeys are the annotations a user may write on a pod.
var podKeys = []string{PriorityKey, DrainWindowKey}

// writtenKeys are the annotations Tanist writes itself. A user's Service may carry them too, copied from a leader Service.
var writtenKeys = []string{TermKey, LeaderKey, LeaderSinceKey, ReasonKey, SuccessorKey}

// Enabled says whether a Namespace's labels or a Service's annotations opt in. Only the value "true" does.
func Enabled(labelsOrAnnotations map[string]string) bool {
	return labelsOrAnnotations[EnabledKey] == "true"
}
