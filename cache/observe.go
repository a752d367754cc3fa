package cache

import (
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/tanist-dev/tanist/leaderslice"
)

// Observe records a slice that an informer delivered, and reports whether it is newer than the known one. Any other version is ignored,
// so that an informer that lags behind a write of this replica does not undo it. If the version is the known one, the informer's object
// replaces the API server's answer: the informer keeps it anyway, and it is smaller.
func (l *Leaders) Observe(key types.NamespacedName, slice leaderslice.Slice, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.getOrCreateEntry(key)
	before := e.slices[slice.Name]
	if !newer(slice.ResourceVersion, before.ResourceVersion) {
		if before.UID == slice.UID && before.ResourceVersion == slice.ResourceVersion {
			before.Object = slice.Object
			e.slices[slice.Name] = before
		}
		return false
	}
	e.learn(slice.Name, slice, now)
	// The slice may be deleted before anything is decided from it. Then its term is known only here.
	for _, term := range []int64{slice.State.Term, slice.WrittenTerm} {
		if leaderslice.PlausibleTerm(term, now) {
			e.highestTerm = max(e.highestTerm, term)
		}
	}
	if !e.writing { // or else the answer tells whose version it is
		l.othersCommitted[key.Namespace] = now
	}
	return true
}

// ObserveDeletion records that a slice was deleted, and reports whether this replica did not know of the deletion. The UID distinguishes the
// deleted slice from a newer one of the same name. The version is the deletion's own: an answer to a write or a live read that arrives
// later and has a lower version is older than the deletion.
func (l *Leaders) ObserveDeletion(key types.NamespacedName, name string, uid types.UID, version string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok || e.slices[name].UID != uid {
		return false
	}
	e.learn(name, leaderslice.Slice{ResourceVersion: version}, now)
	l.removeIfEmpty(key, e)
	return true
}

// Committed records the API server's answer to a write of this replica.
func (l *Leaders) Committed(key types.NamespacedName, slice leaderslice.Slice, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.getOrCreateEntry(key)
	if newer(slice.ResourceVersion, e.slices[slice.Name].ResourceVersion) {
		e.learn(slice.Name, slice, now)
	}
}

// learn keeps a version of a slice. The caller holds mu.
func (e *entry) learn(name string, slice leaderslice.Slice, now time.Time) {
	e.slices[name] = knownSlice{Slice: slice, since: now}
	if e.outdated == name {
		e.outdated = ""
	}
}

// Writing records that this replica begins to write a slice of a Service, and returns what records that it has an answer, or none.
func (l *Leaders) Writing(key types.NamespacedName) (done func()) {
	set := func(writing bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if e, ok := l.entries[key]; ok {
			e.writing = writing
		}
	}
	set(true)
	return func() { set(false) }
}

// Outdated records that the API server has refused a write which was based on this version of a slice; nil if it was to create the slice. Mostly
// somebody else has written it. Unless something newer is known by now, there is something newer to know: an informer delivers it, or a live read finds it.
func (l *Leaders) Outdated(key types.NamespacedName, name string, current *discoveryv1.EndpointSlice, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok {
		return
	}
	l.othersCommitted[key.Namespace] = now
	known, base := e.slices[name], discoveryv1.EndpointSlice{}
	if current != nil {
		base = *current
	}
	if known.UID == base.UID && (base.UID == "" || known.ResourceVersion == base.ResourceVersion) {
		e.outdated = name
	}
}

// IsOutdated reports whether a write of this replica was refused (see Outdated), and nothing newer is known of that slice yet.
func (l *Leaders) IsOutdated(key types.NamespacedName) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, ok := l.entries[key]
	return ok && e.outdated != ""
}

// Refresh records the result of a live read of the wanted slices, and returns what is known afterwards. A wanted slice that the read did
// not find does not exist.
//
// The read replaces what was known, even by an older version: after a restore of etcd the older version is the current one. Only a slice
// that arrived after the read began may be newer than its result.
func (l *Leaders) Refresh(key types.NamespacedName, want Want, found []leaderslice.Slice, began, now time.Time) Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.getOrCreateEntry(key)
	l.setService(e, want.Service)
	e.stale, e.outdated = e.stale && e.invalidatedAt.After(began), ""
	read := map[string]leaderslice.Slice{}
	for _, slice := range found {
		read[slice.Name] = slice
	}
	for _, name := range want.Slices {
		slice, before := read[name], e.slices[name]
		overtaken := before.since.After(began) && (slice.UID == "" || newer(before.ResourceVersion, slice.ResourceVersion))
		if !overtaken {
			e.slices[name] = knownSlice{Slice: slice, since: now}
		}
	}
	e.forgetAbsent(want)
	return e.record()
}

// ObservePod records a resourceVersion that the informer has delivered for one of the Service's pods, deletions included.
func (l *Leaders) ObservePod(key types.NamespacedName, version string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.entries[key]; ok && newer(version, e.podsVersion) {
		e.podsVersion = version
	}
}

// newer reports whether version a of a resource comes after version b; "" comes before all others. A version that is not a number counts
// as newer, so that it cannot block updates. Since Kubernetes 1.35 all versions are numbers.
func newer(a, b string) bool {
	if a == "" || b == "" {
		return a != ""
	}
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order > 0
}
