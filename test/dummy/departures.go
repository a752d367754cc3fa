package dummy

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

// Leading returns a state in which a pod leads.
func Leading(pod string, term int64) leaderslice.State {
	return leaderslice.State{
		Leader: leaderslice.Leader{UID: types.UID(pod + "-uid"), Name: pod, Node: "node-of-" + pod, Ready: true},
		Term:   term, Since: gen.T0.Add(-time.Minute), Reason: "LeaderDeleted",
	}
}

// DeletionOf returns the deletion of a pod as admission sees it.
func DeletionOf(pod string) cache.Departure {
	return cache.Departure{Namespace: "shop", Name: pod, UID: types.UID(pod + "-uid")}
}

// EvictionOf returns the eviction of a pod as admission sees it.
func EvictionOf(pod string) cache.Departure {
	return cache.Departure{Namespace: "shop", Name: pod, UID: types.UID(pod + "-uid"), Eviction: true}
}

// Unauthenticated returns a departure about which it is not known whether the API server has asked.
func Unauthenticated(departure cache.Departure) cache.Departure {
	departure.Unauthenticated = true
	return departure
}
