package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Tuning is the content of tuning.yaml: how the program works, for all Services at once.
type Tuning struct {
	// APIVersion and Kind say which keys the text may have. They are optional while there is one version.
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`

	Retry    RetryTuning    `json:"retry"`
	Cache    CacheTuning    `json:"cache"`
	Commit   CommitTuning   `json:"commit"`
	Election ElectionTuning `json:"election"`
}

// RetryTuning is how API calls are tried again.
type RetryTuning struct {
	// Failover is for the calls that a hand-over waits for.
	Failover RetryPolicy `json:"failover"`
	// Standard is for everything else.
	Standard RetryPolicy `json:"standard"`
}

// RetryPolicy is how often and how soon a call is tried again before the work queue takes over.
type RetryPolicy struct {
	// MaxAttempts counts the first attempt too: 1 to 10.
	MaxAttempts int `json:"maxAttempts"`
	// InitialDelay is before the second attempt, and doubles with each that follows: 1ms to 10s.
	InitialDelay metav1.Duration `json:"initialDelay"`
	// MaxDelay is the longest delay between two attempts, also when the API server asks for a longer one: InitialDelay to 1m.
	MaxDelay metav1.Duration `json:"maxDelay"`
}

// CacheTuning is how the leader cache remembers.
type CacheTuning struct {
	// PreparedTTL is how long a prepared succession is kept: 1s to 10m. An eviction may take 10 s after its admission.
	PreparedTTL metav1.Duration `json:"preparedTTL"`
}

// CommitTuning is how a decision is written.
type CommitTuning struct {
	// BackupDelay is how long a replica that neither holds the Lease nor has prepared waits for one that does: 0s to 10s.
	BackupDelay metav1.Duration `json:"backupDelay"`
	// Concurrency is how many Services one replica handles at a time: 1 to 256.
	Concurrency int `json:"concurrency"`
	// OnAdmission commits a plain delete's prepared succession at once, beside the delete instead of after it.
	OnAdmission bool `json:"onAdmission"`
}

// ElectionTuning is what announces that a leader is about to go.
type ElectionTuning struct {
	// DrainWindow is how long pods keep serving after their deletion begins, in whole seconds: 0s (pods are not touched) to 10m.
	DrainWindow metav1.Duration `json:"drainWindow"`
	// MaxDrainWindow is the longest window that a Service or a pod gets for its annotation, in whole seconds: 0s to 10m. The drain
	// window of this tuning is not limited by it.
	MaxDrainWindow metav1.Duration `json:"maxDrainWindow"`
	// HandoverOnCordon moves the leader from a node that is cordoned.
	HandoverOnCordon bool `json:"handoverOnCordon"`
	// HandoverOnRemovalTaint moves the leader from a node whose removal is announced: by a taint (see RemovalTaint), or because the
	// Node is being deleted.
	HandoverOnRemovalTaint bool `json:"handoverOnRemovalTaint"`
	// RemovalTaints are keys of taints that announce a node's removal, besides the built-in ones. One that ends with /* stands for
	// every key with that prefix.
	RemovalTaints []string `json:"removalTaints"`
	// HandoverOnNodeShutdown moves the leader from a node that is shutting down.
	HandoverOnNodeShutdown bool `json:"handoverOnNodeShutdown"`
	// HandoverOnRollout moves the leader to a newer revision of its workload.
	HandoverOnRollout bool `json:"handoverOnRollout"`
	// HandoverOnScaleDown moves the leader from a pod beyond its StatefulSet's replicas, and prefers successors that a ReplicaSet
	// would take last (controller.kubernetes.io/pod-deletion-cost).
	HandoverOnScaleDown bool `json:"handoverOnScaleDown"`
	// HandoverOnDisruptionTarget moves the leader from a pod with the condition DisruptionTarget.
	HandoverOnDisruptionTarget bool `json:"handoverOnDisruptionTarget"`
	// OptOutGrace is how long leader Services stay after their namespace's label went, which may be a mistake: 0s to 24h.
	OptOutGrace metav1.Duration `json:"optOutGrace"`
}

// DefaultTuning is in force where tuning.yaml says nothing.
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
	}
}

// LongestDrainWindow is the longest drain window that a pod gets.
func (t ElectionTuning) LongestDrainWindow() time.Duration {
	return max(t.DrainWindow.Duration, t.MaxDrainWindow.Duration)
}

func milliseconds(n int64) metav1.Duration {
	return metav1.Duration{Duration: time.Duration(n) * time.Millisecond}
}

// Equal says whether two tunings are the same; a list that is written out empty is one that is left out.
func (t Tuning) Equal(other Tuning) bool {
	return apiequality.Semantic.DeepEqual(t, other)
}

// Hash names the tuning in 12 hexadecimal digits: equal for equal tunings, whichever keys their texts leave to the defaults.
func (t Tuning) Hash() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", t))
	return hex.EncodeToString(sum[:6])
}
