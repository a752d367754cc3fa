package cache

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Observe takes note of a slice that an informer delivered at the given time, and reports whether it is news: a version that is
// not newer than the known one is ignored.
func (l *Leaders) Observe(key types.NamespacedName, slice Slice, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(key)
	if !newer(slice.ResourceVersion, e.slices[slice.Name].ResourceVersion) {
		return false
	}
	// Whether it is ours is only known once Lookup says which leader Service it should belong to.
	e.slices[slice.Name] = known{Slice: slice, seen: now}
	l.othersAtWork = now
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
	// Nothing is learned from the deletion about the leader: head keeps who led and the term.
	e.slices[name] = known{Slice: Slice{ResourceVersion: version}, seen: now}
	l.dropIfEmpty(key, e)
	return true
}

// Committed takes note of what the API server answered to our own write.
func (l *Leaders) Committed(key types.NamespacedName, slice Slice, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(key)
	before := e.slices[slice.Name]
	switch {
	case newer(slice.ResourceVersion, before.ResourceVersion):
		e.slices[slice.Name] = known{Slice: slice, seen: now, settled: true}
	case slice.ResourceVersion == before.ResourceVersion:
		before.settled = true // its event overtook the answer
		e.slices[slice.Name] = before
	}
	e.learn(slice)
	e.foreign = time.Time{}
	l.index(key, e)
}

// Refresh takes note of a live read that asked for the slices with these names: those that it did not find do not exist. It is
// what follows a miss, and answers with the rebuilt record.
func (l *Leaders) Refresh(key types.NamespacedName, want Want, found []Slice, now time.Time) Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(key)
	l.expect(e, want.Service)
	e.adopt(want)
	e.stale = false

	present := map[string]bool{}
	for _, slice := range found {
		present[slice.Name] = true
		if newer(slice.ResourceVersion, e.slices[slice.Name].ResourceVersion) {
			e.slices[slice.Name] = known{Slice: slice, seen: now}
		}
	}
	for _, name := range want.Slices {
		// A slice that was created between the read and now is taken for absent: creating it again is refused and read again.
		if !present[name] {
			before := e.slices[name]
			e.slices[name] = known{Slice: Slice{ResourceVersion: before.ResourceVersion}, seen: now, settled: before.UID == ""}
		}
	}
	l.judge(e)
	l.index(key, e)
	return e.record()
}
