package failover

import (
	"context"
	"fmt"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/planner"
	"github.com/tanist-dev/tanist/retry"
)

// hedgeAfter is how long an answer may take before the same update is sent again on another connection. The first one may lead to an API
// server on the node that was just lost.
const hedgeAfter = 200 * time.Millisecond

// updateHedged updates a slice, and sends the update again on another connection if there is no answer. The resourceVersion makes sure that
// at most one of the two is carried out. The error says retry.ErrUnanswered if one of them may have been, although the last one was refused.
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
	var failed error
	for pending := 1; ; {
		select {
		case <-unanswered:
			pending++
			go send(second)
		case got := <-results:
			pending--
			switch {
			case got.err == nil:
				return got.slice, nil
			case apierrors.IsConflict(got.err) && pending > 0, pending == 0 && retry.Unanswered(failed):
				return nil, fmt.Errorf("%w: %w", retry.ErrUnanswered, got.err)
			case pending == 0:
				return nil, got.err
			}
			failed = got.err
		}
	}
}
