package informers

import (
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/leaderslice"
)

// delivered is the newest resourceVersion that events of an informer have brought: the version of its first list, and then those of changed
// and deleted objects. Bookmarks do not count. They bring versions at which nothing has happened, and each replica gets its own, a minute
// apart: whoever records such a version makes the other replicas wait for their next bookmark.
type delivered struct {
	store toolscache.Indexer

	mu     sync.Mutex
	newest string
}

// version returns the newest version. Before the first event, it is what the informer has listed.
func (d *delivered) version() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.newest == "" {
		return d.store.LastStoreSyncResourceVersion()
	}
	return d.newest
}

func (d *delivered) OnAdd(obj any, isInInitialList bool) {
	if isInInitialList { // objects that were deleted before are known to be gone, too
		d.raise(d.store.LastStoreSyncResourceVersion())
		return
	}
	d.raise(versionOf(obj))
}

func (d *delivered) OnUpdate(_, obj any) { d.raise(versionOf(obj)) }

func (d *delivered) OnDelete(obj any) {
	if _, unknown := obj.(toolscache.DeletedFinalStateUnknown); unknown { // a new list does not have the object any more
		d.raise(d.store.LastStoreSyncResourceVersion())
		return
	}
	d.raise(versionOf(obj))
}

func (d *delivered) raise(version string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Versions go back when etcd is restored. What was delivered before then no longer counts.
	if d.newest == "" || leaderslice.OlderVersion(d.newest, version) || leaderslice.OlderVersion(d.store.LastStoreSyncResourceVersion(), d.newest) {
		d.newest = version
	}
}

// versionOf returns the resourceVersion of an object; for a deleted one, that of its deletion.
func versionOf(obj any) string {
	accessor, err := meta.Accessor(obj)
	if err != nil {
		return ""
	}
	return accessor.GetResourceVersion()
}
