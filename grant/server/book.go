package server

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/grant"
)

// keepGone is how long the record of a slice is kept after the slice has gone. It may be there again at once: somebody who removes its label
// for a moment hides it from the informers. It is longer than any grant.
const keepGone = 2 * time.Minute

// book has the record of every leader's slice.
type book struct {
	// mu guards everything below, the records too.
	mu        sync.Mutex
	entries   map[types.NamespacedName]*entry
	durations grant.Durations
	// duration returns how long a grant lasts by the tuning.
	duration func() time.Duration
}

type entry struct {
	record grant.Record
	// gone is when the slice went from the informers; zero while it is there.
	gone time.Time
	// waiters are told of changes. Each has room for one signal.
	waiters map[chan struct{}]struct{}
	// successorWaits is the highest term whose leader is known to have asked and to wait for the one before.
	successorWaits int64
	// next is the read that has not begun, and reading is whether one is under way.
	next    *liveRead
	reading bool
}

// liveRead is one live read, for all who joined it before it began.
type liveRead struct {
	done chan struct{}
	// The following are set when done is closed. current is whether the read says something of the present.
	view    grant.View
	current bool
	err     error
}

func newBook(duration func() time.Duration) *book {
	return &book{entries: map[types.NamespacedName]*entry{}, duration: duration}
}

// entry returns the entry of a slice. mu must be held.
func (b *book) entry(slice types.NamespacedName) *entry {
	e := b.entries[slice]
	if e == nil {
		e = &entry{}
		b.entries[slice] = e
	}
	return e
}

// updateDurations reads how long a grant shall last now, and returns how long a grant lasts, and how long a replica waits for those of others. mu must be held.
func (b *book) updateDurations(now time.Time) (duration, wait time.Duration) {
	b.durations.Set(b.duration(), now)
	return b.durations.Grant(now), b.durations.Wait(now)
}

// note records what the watch says of a slice. It wakes who waits even when the record knew it already, from a read or another replica: Server.known
// answers from the informers, and those have changed only now.
func (b *book) note(slice types.NamespacedName, view grant.View) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	_, wait := b.updateDurations(now)
	e := b.entry(slice)
	e.gone = time.Time{}
	e.record.Note(view, now, wait)
	e.tell()
}

// markGone records that the informers no longer have a slice, and removes the entries of those that have been gone for longer than keepGone.
func (b *book) markGone(slice types.NamespacedName) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if e := b.entries[slice]; e != nil && e.gone.IsZero() {
		e.gone = now
		e.tell()
	}
	for name, e := range b.entries {
		if !e.gone.IsZero() && now.Sub(e.gone) > keepGone && !e.reading && len(e.waiters) == 0 {
			delete(b.entries, name)
		}
	}
}

// tell tells all who wait. mu must be held.
func (e *entry) tell() {
	for waiter := range e.waiters {
		select {
		case waiter <- struct{}{}:
		default:
		}
	}
}

// subscribe has the waiter told of changes of the slices, until the returned function is called.
func (b *book) subscribe(slices []types.NamespacedName) (changes <-chan struct{}, end func()) {
	waiter := make(chan struct{}, 1)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, slice := range slices {
		e := b.entry(slice)
		if e.waiters == nil {
			e.waiters = map[chan struct{}]struct{}{}
		}
		e.waiters[waiter] = struct{}{}
	}
	return waiter, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, slice := range slices {
			if e := b.entries[slice]; e != nil {
				delete(e.waiters, waiter)
			}
		}
	}
}

// latest returns the latest that is known of a slice; nothing if nothing is.
func (b *book) latest(slice types.NamespacedName) grant.View {
	b.mu.Lock()
	defer b.mu.Unlock()
	view, _ := b.entry(slice).record.Latest()
	return view
}

// settled reports whether the leader of a slice may have a grant now, as far as is known without a read.
func (b *book) settled(slice types.NamespacedName) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[slice]
	if e == nil || !e.record.Known() {
		return false
	}
	_, from := e.record.Latest()
	return !time.Now().Before(from)
}

// read waits for a live read of the slice that begins after the call. All who call it before that read begins share it, and reads of a slice
// do not overlap.
//
// A grant that rests on an earlier read, and counts from when that began, would save the next leader one read. But only this replica's clock says how
// long ago that was, and the clock of a machine that is suspended stands still. So only the clock of the pod counts.
func (b *book) read(ctx context.Context, slice types.NamespacedName, do func(types.NamespacedName) (grant.View, error)) (*liveRead, error) {
	b.mu.Lock()
	e := b.entry(slice)
	if e.next == nil {
		e.next = &liveRead{done: make(chan struct{})}
	}
	joined := e.next
	if !e.reading {
		e.reading = true
		go b.readLoop(slice, e, do)
	}
	b.mu.Unlock()
	select {
	case <-joined.done:
		return joined, joined.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// readLoop reads a slice for as long as somebody waits for another read of it.
func (b *book) readLoop(slice types.NamespacedName, e *entry, do func(types.NamespacedName) (grant.View, error)) {
	for {
		b.mu.Lock()
		r := e.next
		e.next = nil
		if r == nil {
			e.reading = false
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		began := time.Now()
		r.view, r.err = do(slice)
		b.mu.Lock()
		if r.err == nil {
			now := time.Now()
			_, wait := b.updateDurations(now)
			before, _ := e.record.Latest()
			r.current = e.record.Observe(r.view, began, now, wait)
			if after, _ := e.record.Latest(); after.Term != before.Term || after.Leader != before.Leader {
				e.tell()
			}
		}
		b.mu.Unlock()
		close(r.done)
	}
}

// giveGrant gives or refuses a grant after a read.
func (b *book) giveGrant(slice types.NamespacedName, r *liveRead, pod, session string) grant.Answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	duration, wait := b.updateDurations(now)
	e := b.entry(slice)
	if latest, _ := e.record.Latest(); !r.current || latest.Term != r.view.Term {
		return grant.Answer{Refusal: grant.Overtaken}
	}
	return e.record.Ask(pod, session, now, duration, wait)
}

// release marks the term that a pod has stepped down from.
func (b *book) release(told release) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	_, wait := b.updateDurations(now)
	e := b.entry(told.Slice)
	e.record.Release(told.Pod, told.Session, told.Term, told.Later, now, wait)
	e.tell()
}
