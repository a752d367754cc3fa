package failover

import (
	"context"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/planner"
)

// hedgeAfter is how long an answer may take before the same update is sent again on another connection. The first one may lead to an API
// server on the node that was just lost.
const hedgeAfter = 200 * time.Millisecond

// updateHedged updates a slice, and sends the update again on another connection if there is no answer. The resourceVersion makes sure that
// at most one of the two is carried out. If one has a conflict, the other may have been carried out, and its answer is waited for a little
// longer: without it, nobody would report the move.
func updateHedged(ctx context.Context, first, second client.Writer, write cache.Write) (*discoveryv1.EndpointSlice, error) {
	type result struct {
		slice *discoveryv1.EndpointSlice
		err   error
	}
	results := make(chan result, 2)
	send := func(writer client.Writer) {
		slice := planner.UpdatedSlice(write.Current, write.Desired).DeepCopy() // the client stores the answer in it
		err := writer.Update(ctx, slice, leaderslice.FieldOwner)
		results <- result{slice, err}
	}
	go send(first)
	unanswered := time.After(hedgeAfter)
	var patience <-chan time.Time // since a conflict
	var failed result
	for pending := 1; ; {
		select {
		case <-unanswered:
			pending++
			go send(second)
		case <-patience:
			return nil, failed.err
		case got := <-results:
			pending--
			if got.err == nil {
				return got.slice, nil
			}
			if failed.err == nil || !apierrors.IsConflict(failed.err) {
				failed = got // a conflict says more than any other error
			}
			if pending == 0 {
				return nil, failed.err
			}
			if apierrors.IsConflict(failed.err) {
				patience = time.After(hedgeAfter)
			}
		}
	}
}
