package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Tuning is the content of tuning.yaml: how the program works, for all Services.
type Tuning struct {
	// APIVersion and Kind are the version of the format. They are optional while there is only one.
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`

	Retry    RetryTuning    `json:"retry"`
	Cache    CacheTuning    `json:"cache"`
	Commit   CommitTuning   `json:"commit"`
	Election ElectionTuning `json:"election"`
	Observe  ObserveTuning  `json:"observe"`
	Grant    GrantTuning    `json:"grant"`
}

// RetryTuning is how API calls are retried.
type RetryTuning struct {
	// Failover is for the calls that a hand-over waits for.
	Failover RetryPolicy `json:"failover"`
	// Standard is for everything else.
	Standard RetryPolicy `json:"standard"`
}

// RetryPolicy is how often and how soon a call is retried before the work queue takes over.
type RetryPolicy struct {
	// MaxAttempts counts the first attempt too: 1 to 10.
	MaxAttempts int `json:"maxAttempts"`
	// InitialDelay is the delay before the second attempt. It doubles with each attempt that follows: 1ms to 10s.
	InitialDelay metav1.Duration `json:"initialDelay"`
	// MaxDelay is the longest delay between two attempts, even if the API server asks for a longer one: InitialDelay to 1m.
	MaxDelay metav1.Duration `json:"maxDelay"`
}

// CacheTuning is how long the leader cache keeps entries.
type CacheTuning struct {
	// PreparedTTL is how long a prepared hand-over is kept: 1s to 10m. An eviction may take 10 s after its admission.
	PreparedTTL metav1.Duration `json:"preparedTTL"`
}

// CommitTuning is how a decision is committed.
type CommitTuning struct {
	// BackupDelay is how long a replica that neither holds the Lease nor has prepared waits for one that does: 0s to 10s.
	BackupDelay metav1.Duration `json:"backupDelay"`
	// Concurrency is how many Services one replica handles at a time: 1 to 256.
	Concurrency int `json:"concurrency"`
	// OnAdmission commits the prepared hand-over of a plain delete during the deletion's admission, instead of after the deletion.
	OnAdmission bool `json:"onAdmission"`
}

// ElectionTuning is what moves a leader before it is gone, and how its pods drain.
type ElectionTuning struct {
	// DrainWindow is how long pods keep serving after their deletion begins, in whole seconds: 0s (pods are not touched) to 10m.
	DrainWindow metav1.Duration `json:"drainWindow"`
	// MaxDrainWindow is the longest window that a Service gets for its annotation, in whole seconds: 0s to 10m. It limits neither
	// DrainWindow nor the annotation of a pod.
	MaxDrainWindow metav1.Duration `json:"maxDrainWindow"`
	// HandoverOnCordon moves the leader from a node that is cordoned.
	HandoverOnCordon bool `json:"handoverOnCordon"`
	// HandoverOnRemovalTaint moves the leader from a node that will be removed: the node has a taint that announces it (see
	// RemovalTaint), or is being deleted.
	HandoverOnRemovalTaint bool `json:"handoverOnRemovalTaint"`
	// RemovalTaints are keys of taints that announce the removal of a node, besides the built-in ones. One that ends with /* matches
	// every key with that prefix.
	RemovalTaints []string `json:"removalTaints"`
	// HandoverOnNodeShutdown moves the leader from a node that is shutting down.
	HandoverOnNodeShutdown bool `json:"handoverOnNodeShutdown"`
	// HandoverOnRollout moves the leader to a newer revision of its workload.
	HandoverOnRollout bool `json:"handoverOnRollout"`
	// HandoverOnScaleDown moves the leader from a pod that exceeds its StatefulSet's replicas, and prefers successors that a ReplicaSet
	// would delete last (controller.kubernetes.io/pod-deletion-cost).
	HandoverOnScaleDown bool `json:"handoverOnScaleDown"`
	// HandoverOnDisruptionTarget moves the leader from a pod with the condition DisruptionTarget.
	HandoverOnDisruptionTarget bool `json:"handoverOnDisruptionTarget"`
	// OptOutGrace is how long leader Services stay after their namespace's label was removed, which may be a mistake: 0s to 24h.
	OptOutGrace metav1.Duration `json:"optOutGrace"`
}

// ObserveTuning is how losses are noticed that nobody announces.
type ObserveTuning struct {
	// Enabled watches leaders and their nodes.
	Enabled bool `json:"enabled"`
	// Interval is how often a replica asks each kubelet that it watches: 50ms to 5s.
	Interval metav1.Duration `json:"interval"`
	// LossAfter is how long a leader's node must have been silent before it counts as lost, for Services that ask for no other: 500ms to 1m.
	LossAfter metav1.Duration `json:"lossAfter"`
	// ProbeInterval is the shortest time between two questions to a leader: 250ms to 1m. The sooner a hang is to be noticed, the more often
	// the leader is asked.
	ProbeInterval metav1.Duration `json:"probeInterval"`
	// MaxRate is how many probes one replica sends in a second: 10 to 100000. If there are more leaders, each is asked less often.
	MaxRate int `json:"maxRate"`
}

// GrantTuning is how pods are told that they lead.
type GrantTuning struct {
	// Duration is for how long a pod may act as the leader after it has asked: 500ms to 10s. A new leader waits a tenth longer, unless the old
	// one has stepped down. A change is in force a minute later.
	Duration metav1.Duration `json:"duration"`
}

// DefaultTuning has the default of every key.
func DefaultTuning() Tuning {
	return Tuning{
		APIVersion: TuningAPIVersion, Kind: TuningKind,
		Retry: RetryTuning{
			Failover: RetryPolicy{MaxAttempts: 2, InitialDelay: milliseconds(20), MaxDelay: milliseconds(500)},
			Standard: RetryPolicy{MaxAttempts: 3, InitialDelay: milliseconds(100), MaxDelay: milliseconds(5000)},
		},
		Cache:  CacheTuning{PreparedTTL: milliseconds(15_000)},
		Commit: CommitTuning{BackupDelay: milliseconds(50), Concurrency: 16},
		Election: ElectionTuning{
			DrainWindow:                milliseconds(3000),
			MaxDrainWindow:             milliseconds(30_000),
			HandoverOnCordon:           true,
			HandoverOnRemovalTaint:     true,
			HandoverOnNodeShutdown:     true,
			HandoverOnRollout:          true,
			HandoverOnScaleDown:        true,
			HandoverOnDisruptionTarget: true,
			OptOutGrace:                milliseconds(300_000),
		},
		Observe: ObserveTuning{
			Enabled: true, Interval: milliseconds(100), LossAfter: milliseconds(1100), ProbeInterval: milliseconds(250), MaxRate: 4000,
		},
		Grant: GrantTuning{Duration: milliseconds(2000)},
	}
}

// LongestDrainWindow returns the longest drain window that a pod gets for its Services.
func (t ElectionTuning) LongestDrainWindow() time.Duration {
	return max(t.DrainWindow.Duration, t.MaxDrainWindow.Duration)
}

func milliseconds(n int64) metav1.Duration {
	return metav1.Duration{Duration: time.Duration(n) * time.Millisecond}
}

// Equal reports whether two tunings are equal. An empty list equals a missing one.
func (t Tuning) Equal(other Tuning) bool {
	return apiequality.Semantic.DeepEqual(t, other)
}

// Hash returns 12 hexadecimal digits that are the same for equal tunings, no matter which keys their texts leave to the defaults.
func (t Tuning) Hash() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", t))
	return hex.EncodeToString(sum[:6])
}
