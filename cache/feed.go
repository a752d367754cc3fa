package cache

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/tanist-dev/tanist/leaderslice"
)

// Observe takes note of a slice that an informer delivered at the given time, and reports whether it is news: a version that is
// not newer than the known one is ignored, so that an informer that lags behind our own write does not take it back. Of the known
// version the informer's object is kept: it is there anyway, and smaller than the API server's answer.
func (l *Leaders) Observe(key types.NamespacedName, slice leaderslice.Slice, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(key)
	before := e.slices[slice.Name]
	if !newer(slice.ResourceVersion, before.ResourceVersion) {
		if before.UID == slice.UID && before.ResourceVersion == slice.ResourceVersion {
			before.Object = slice.Object
			e.slices[slice.Name] = before
		}
		return false
	}
	e.slices[slice.Name] = known{Slice: slice, seen: now}
	// It may be deleted before the Service is decided about, and then nothing else remembers the term.
	for _, term := range []int64{slice.State.Term, slice.Remembered} {
		if leaderslice.Believable(term, now) {
			e.highest = max(e.highest, term)
		}
	}
	l.othersCommitted = now
	return true
}

// Gone takes note of a slice's deletion, and reports whether it is news. The UID tells the deleted slice from one that was made
// since under the same name; the version is the deletion's own, so that an answer that it has overtaken, to a write of ours or to a
// live read, is known to be older.
func (l *Leaders) Gone(key types.NamespacedName, name string, uid types.UID, version string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok || e.slices[name].UID != uid {
		return false
	}
	e.slices[name] = known{Slice: leaderslice.Slice{ResourceVersion: version}, seen: now}
	l.dropIfEmpty(key, e)
	return true
}

// Committed takes note of what the API server answered to our own write.
func (l *Leaders) Committed(key types.NamespacedName, slice leaderslice.Slice, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(key)
	if newer(slice.ResourceVersion, e.slices[slice.Name].ResourceVersion) {
		e.slices[slice.Name] = known{Slice: slice, seen: now}
	}
}

// Refresh takes note of a live read that began at the given time and asked for the slices with the wanted names: those that it did
// not find do not exist. It answers with what is known then.
//
// A live read is believed, also when it says less than was known: after a restore of etcd older versions are the newer truth. Only
// what arrived while it was under way may be newer than its answer.
func (l *Leaders) Refresh(key types.NamespacedName, want Want, found []leaderslice.Slice, began, now time.Time) Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(key)
	l.expect(e, want.Service)
	e.stale = e.stale && e.invalidated.After(began)
	read := map[string]leaderslice.Slice{}
	for _, slice := range found {
		read[slice.Name] = slice
	}
	for _, name := range want.Slices {
		slice, before := read[name], e.slices[name]
		overtaken := before.seen.After(began) && (slice.UID == "" || newer(before.ResourceVersion, slice.ResourceVersion))
		if !overtaken {
			e.slices[name] = known{Slice: slice, seen: now}
		}
	}
	e.forgetAbsent(want)
	return e.record()
}

// ObservePod takes note of the version of a pod of the Service that an informer delivered, a deletion included.
func (l *Leaders) ObservePod(key types.NamespacedName, version string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.entries[key]; ok && newer(version, e.pods) {
		e.pods = version
	}
}

// Believe takes note of who leads by the record, and of the highest term that is believed.
func (l *Leaders) Believe(key types.NamespacedName, state leaderslice.State, highest int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok {
		return
	}
	if e.state.Leader.UID != state.Leader.UID {
		e.successor, e.decided = nil, false // decided upon for the leader before
	}
	e.state, e.highest = state, max(e.highest, highest)
	l.index(key, e)
}

// newer reports whether a version comes after another of the same resource; "" comes before all. Versions that are no numbers
// (none are, since Kubernetes 1.35) are taken for newer, so that they cannot freeze what is known.
func newer(a, b string) bool {
	if a == "" || b == "" {
		return a != ""
	}
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order > 0
}
