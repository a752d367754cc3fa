package gen

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// NewQueue returns a controller's work queue, which is shut down when the test ends.
func NewQueue(t *testing.T) workqueue.TypedRateLimitingInterface[reconcile.Request] {
	t.Helper()
	q := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	t.Cleanup(q.ShutDown)
	return q
}

// Enqueued empties the queue and returns the names of the requests.
func Enqueued(q workqueue.TypedRateLimitingInterface[reconcile.Request]) []string {
	var names []string
	for q.Len() > 0 {
		request, _ := q.Get()
		names = append(names, request.Name)
		q.Done(request)
	}
	return names
}

// WantEnqueued empties the queue and checks the names of the requests.
func WantEnqueued(t *testing.T, q workqueue.TypedRateLimitingInterface[reconcile.Request], what string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, Enqueued(q)); diff != "" {
		t.Errorf("%s: unexpected Services enqueued (-want +got):\n%s", what, diff)
	}
}

// Update calls a handler with an update event.
func Update[T client.Object](t *testing.T, h handler.TypedEventHandler[T, reconcile.Request], q workqueue.TypedRateLimitingInterface[reconcile.Request], before, after T) {
	t.Helper()
	h.Update(t.Context(), event.TypedUpdateEvent[T]{ObjectOld: before, ObjectNew: after}, q)
}
