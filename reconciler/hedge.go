package reconciler

import (
	"context"
	"reflect"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// hedgeAfter is how long an answer may take before the same question is sent again on another connection. The first one may lead to an
	// API server that was just lost, which shows only seconds later.
	hedgeAfter = 200 * time.Millisecond
	// maxHedged is how many questions may be out on the other connections: an API server that is slow because it is busy is not to be asked
	// everything twice.
	maxHedged = 16
	// placeDelay is between attempts to get one of these places.
	placeDelay = 20 * time.Millisecond
	// silence is for how long both are asked at once when the first one was silent. It is as long as client-go needs to end such a connection,
	// and ends by itself, so that a second connection that is only a little faster does not double all questions for ever.
	silence = 5 * time.Second
)

// hedge asks the API server on one connection, and without an answer on a second one. It is for questions that change nothing.
type hedge[C any] struct {
	first, second C
	places        *semaphore.Weighted
	// silentUntil, in Unix nanoseconds, is until when both are asked at once, because the first one was silent a moment ago.
	silentUntil atomic.Int64
}

func newHedge[C any](first, second C) *hedge[C] {
	return &hedge[C]{first: first, second: second, places: semaphore.NewWeighted(maxHedged)}
}

// patience returns how long to wait before the second connection is asked.
func (h *hedge[C]) patience() time.Duration {
	if time.Now().UnixNano() < h.silentUntil.Load() {
		return 0
	}
	return hedgeAfter
}

// answered notes which connection has answered, and after which patience with the first one.
func (h *hedge[C]) answered(second bool, patience time.Duration) {
	switch {
	case !second:
		h.silentUntil.Store(0)
	case patience > 0:
		h.silentUntil.Store(time.Now().Add(silence).UnixNano())
	}
}

// askHedged returns the first answer. It asks on the second connection at once when the first one fails. An error counts when no connection is left to
// answer, and at once if it is an answer itself: the object does not exist.
func askHedged[C, T any](ctx context.Context, h *hedge[C], ask func(context.Context, C) (T, error)) (T, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		answer T
		err    error
		second bool
	}
	results := make(chan result, 2)
	send := func(second bool) {
		on := h.first
		if second {
			defer h.places.Release(1)
			on = h.second
		}
		answer, err := ask(ctx, on)
		results <- result{answer, err, second}
	}
	patience := h.patience()
	go send(false)
	unanswered := time.NewTimer(patience)
	defer unanswered.Stop()
	asked := false // on the second connection
	for pending := 1; ; {
		select {
		case <-unanswered.C:
			if h.places.TryAcquire(1) {
				asked, pending = true, pending+1
				go send(true)
			} else {
				unanswered.Reset(placeDelay)
			}
		case got := <-results:
			pending--
			if got.err == nil || apierrors.IsNotFound(got.err) {
				h.answered(got.second, patience)
				return got.answer, got.err
			}
			if pending == 0 && (asked || refused(got.err) || ctx.Err() != nil || !h.places.TryAcquire(1)) {
				return got.answer, got.err
			}
			if pending == 0 { // the first connection has failed, and there is a place
				unanswered.Stop()
				asked, pending = true, 1
				go send(true)
			}
		}
	}
}

// refused reports whether an API server has answered with an error.
func refused(err error) bool { return apierrors.ReasonForError(err) != metav1.StatusReasonUnknown }

// hedgedReader is a client.Reader that hedges.
type hedgedReader struct{ *hedge[client.Reader] }

// Get implements client.Reader.
func (r hedgedReader) Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
	return readHedged(ctx, r.hedge, into, func(ctx context.Context, on client.Reader, into client.Object) error {
		return on.Get(ctx, key, into, options...)
	})
}

// List implements client.Reader.
func (r hedgedReader) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	return readHedged(ctx, r.hedge, into, func(ctx context.Context, on client.Reader, into client.ObjectList) error {
		return on.List(ctx, into, options...)
	})
}

// readHedged reads into copies of what it was given, which the slower connection may still use when the other one has answered.
func readHedged[T runtime.Object](ctx context.Context, h *hedge[client.Reader], into T, read func(context.Context, client.Reader, T) error) error {
	given := into.DeepCopyObject()
	answer, err := askHedged(ctx, h, func(ctx context.Context, on client.Reader) (T, error) {
		answer := given.DeepCopyObject().(T)
		return answer, read(ctx, on, answer)
	})
	if err == nil {
		reflect.ValueOf(into).Elem().Set(reflect.ValueOf(answer).Elem())
	}
	return err
}
