package failover

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAHandoverWhoseAnswerWasLostIsReported(t *testing.T) {
	const attempts = 2 // of one reconciliation
	for name, test := range map[string]struct {
		lost        int    // how many attempts have no answer; after an odd number, the next attempt of the same reconciliation has one
		away        int64  // how many live reads after those fail too
		arrives     int    // the attempt without an answer that the API server carries out, from 1; 0 for none
		overruledBy string // the pod that another replica makes leader after the attempts without an answer
		want        int    // hand-overs that this replica reports
	}{
		"the second attempt conflicts":                        {lost: 1, arrives: 1, want: 1},
		"the first attempt did not arrive":                    {lost: 1, want: 1},
		"no attempt is answered":                              {lost: attempts, arrives: 1, want: 1},
		"only the last of many arrives":                       {lost: 3 * attempts, arrives: 3 * attempts, want: 1},
		"the first of very many arrives":                      {lost: 2 * maxUnanswered * attempts, arrives: 1, want: 1},
		"none of many arrives":                                {lost: 3 * attempts, want: 1},
		"the API server does not say what became of it":       {lost: 1, arrives: 1, away: 2 * attempts, want: 1},
		"another replica has made the same decision":          {lost: 1, overruledBy: "b2"},
		"no attempt is answered, and another replica made it": {lost: attempts, overruledBy: "b2"},
		"it is carried out, and overruled":                    {lost: 1, arrives: 1, overruledBy: "b2", want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newLeaseHolder(t)
				updates := 0
				var reads atomic.Int64 // they are made in parallel
				f.client = interceptor.NewClient(f.otherClient, interceptor.Funcs{
					Update: func(ctx context.Context, api client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
						updates++
						if updates > test.lost {
							return api.Update(ctx, obj, opts...)
						}
						if updates == test.arrives {
							if err := api.Update(ctx, obj, opts...); err != nil {
								t.Error(err)
							}
						}
						if updates == test.lost && test.overruledBy != "" {
							f.commitByOther(test.overruledBy, time.Now().UnixMilli()+1, leaderslice.Basis{})
						}
						return context.DeadlineExceeded
					},
				})
				f.live = interceptor.NewClient(f.otherClient, interceptor.Funcs{
					Get: func(ctx context.Context, api client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
						if reads.Add(1) <= test.away {
							return context.DeadlineExceeded
						}
						return api.Get(ctx, key, obj, opts...)
					},
				})
				f.deleteLeader()
				deadline := time.Now().Add(time.Minute)
				for _, err := f.reconcile(); err != nil && time.Now().Before(deadline); _, err = f.reconcile() {
					<-time.After(time.Second) // as the work queue does
				}
				if _, err := f.reconcile(); err != nil { // the event of the new slice does so
					t.Error(err)
				}
				f.expectNewTerm("b2")
				f.events.Wait()
				if all := f.leaderEvents(); len(all) != test.want {
					t.Errorf("Events: %+v, want %d", all, test.want)
				}
				if got := testutil.ToFloat64(f.metrics.handovers.WithLabelValues("LeaderDeleted", "unprepared")); got != float64(test.want) {
					t.Errorf("%v hand-overs are counted, want %d", got, test.want)
				}
				if got := testutil.ToFloat64(f.metrics.conflicts); test.overruledBy == "" && got != 0 {
					t.Errorf("%v conflicts with other replicas are counted, and there is none", got)
				}
				if kept := f.unanswered.take(gen.ShopWeb); len(kept) > 0 {
					t.Errorf("%d commits are kept although their outcome is known", len(kept))
				}
			})
		})
	}
}

// TestOneOfManyEqualCommitsIsReported: while there is no answer, each reconciliation commits the same, with the same trigger.
func TestOneOfManyEqualCommitsIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newLeaseHolder(t)
		lost, updates := true, 0
		f.client = interceptor.NewClient(f.otherClient, interceptor.Funcs{
			Update: func(ctx context.Context, api client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
				if updates++; !lost || updates == 1 {
					if err := api.Update(ctx, obj, opts...); err != nil || !lost {
						return err
					}
				}
				return context.DeadlineExceeded
			},
		})
		if err := store.Fake(f.stores.Pods).Delete(gen.ReadyPod("b2")); err != nil { // nobody can follow
			t.Fatal(err)
		}
		f.deleteLeader()
		for range 3 {
			_, _ = f.reconcile()
			<-time.After(time.Second)
		}
		lost = false
		if _, err := f.reconcile(); err != nil {
			t.Error(err)
		}
		f.events.Wait()
		var events eventsv1.EventList
		if err := f.otherClient.List(t.Context(), &events); err != nil {
			t.Fatal(err)
		}
		if len(events.Items) != 1 || events.Items[0].Reason != notify.ReasonLastResort {
			t.Errorf("Events: %+v, want one about the last resort", events.Items)
		}
	})
}
