package dummy

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/observe"
)

// Observer is an Observer that believes what a test says. A pod is known by its UID.
type Observer struct {
	Verdicts     map[types.UID]observe.Verdict
	HeardPods    map[types.UID]bool
	HeardPodsFor map[types.UID]time.Duration
	// ReadyPods are the pods that say that they are ready.
	ReadyPods map[types.UID]bool
	// DropsNew says that the leader's node drops new connections.
	DropsNew bool
	// Watched is what the observer was last told to watch, nil if nothing.
	Watched *observe.Service
}

func (b *Observer) Set(_ types.NamespacedName, observed observe.Service) { b.Watched = &observed }
func (b *Observer) Forget(types.NamespacedName)                          { b.Watched = nil }

func (b *Observer) Verdict(_ types.NamespacedName, pod types.UID) observe.Verdict {
	return b.Verdicts[pod]
}

func (b *Observer) DropsNewConnections(types.NamespacedName) bool { return b.DropsNew }

func (b *Observer) Heard(_ types.NamespacedName, pod types.UID) bool { return b.HeardPods[pod] }

func (b *Observer) SaysReady(_ types.NamespacedName, pod types.UID) bool { return b.ReadyPods[pod] }

func (b *Observer) HeardFor(_ types.NamespacedName, pod types.UID) time.Duration {
	return b.HeardPodsFor[pod]
}

// Convicts returns an observer with a verdict on one pod, which hears some others and has heard them for long.
func Convicts(verdict observe.Verdict, lost string, heard ...string) *Observer {
	b := &Observer{
		Verdicts:  map[types.UID]observe.Verdict{types.UID(lost + "-uid"): verdict},
		HeardPods: map[types.UID]bool{}, HeardPodsFor: map[types.UID]time.Duration{},
	}
	for _, pod := range heard {
		b.HeardPods[types.UID(pod+"-uid")], b.HeardPodsFor[types.UID(pod+"-uid")] = true, time.Hour
	}
	return b
}

// Hears returns an observer without any verdict.
func Hears(pods ...string) *Observer { return Convicts(observe.NotLost, "", pods...) }
