package reconciler

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// lineage remembers the UIDs of Services and leader Services that were there before, so that what they leave behind is known to be
// ours although nothing in the API tells any longer. After a restart it is for the garbage collector.
type lineage struct {
	mu sync.Mutex
	// of has an entry from the first reconciliation of an opted-in Service until nothing of it is left.
	of map[types.NamespacedName]ancestors
}

// ancestors are UIDs, the present one included.
type ancestors struct {
	sources, leaderServices []types.UID
}

func newLineage() *lineage {
	return &lineage{of: map[types.NamespacedName]ancestors{}}
}

// get returns what is remembered.
func (l *lineage) get(key types.NamespacedName) ancestors {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of[key]
}

// set remembers these; nothing, when there are none.
func (l *lineage) set(key types.NamespacedName, a ancestors) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(a.sources) == 0 && len(a.leaderServices) == 0 {
		delete(l.of, key)
		return
	}
	l.of[key] = a
}

// addUID adds a UID that is not empty, once.
func addUID(uids []types.UID, uid types.UID) []types.UID {
	if uid == "" || slices.Contains(uids, uid) {
		return uids
	}
	return append(slices.Clone(uids), uid)
}
