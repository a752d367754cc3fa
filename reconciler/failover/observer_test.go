package failover

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/observe"
)

// beliefs is an Observer that believes what a test says. A pod is known by its UID.
type beliefs struct {
	verdicts map[types.UID]observe.Verdict
	heard    map[types.UID]bool
	heardFor map[types.UID]time.Duration
	// watched is what the observer was last told to watch, nil if nothing.
	watched *observe.Service
}

func (b *beliefs) Set(_ types.NamespacedName, observed observe.Service) { b.watched = &observed }
func (b *beliefs) Forget(types.NamespacedName)                          { b.watched = nil }

func (b *beliefs) Verdict(_ types.NamespacedName, pod types.UID) observe.Verdict {
	return b.verdicts[pod]
}

func (b *beliefs) Heard(_ types.NamespacedName, pod types.UID) bool { return b.heard[pod] }

func (b *beliefs) HeardFor(_ types.NamespacedName, pod types.UID) time.Duration {
	return b.heardFor[pod]
}

// convicts returns an observer with a verdict on one pod, which hears some others and has heard them for long.
func convicts(verdict observe.Verdict, lost string, heard ...string) *beliefs {
	b := &beliefs{
		verdicts: map[types.UID]observe.Verdict{types.UID(lost + "-uid"): verdict},
		heard:    map[types.UID]bool{}, heardFor: map[types.UID]time.Duration{},
	}
	for _, pod := range heard {
		b.heard[types.UID(pod+"-uid")], b.heardFor[types.UID(pod+"-uid")] = true, time.Hour
	}
	return b
}

// hears returns an observer without any verdict.
func hears(pods ...string) *beliefs { return convicts(observe.NotLost, "", pods...) }
