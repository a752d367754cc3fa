package afterhandover

import (
	"testing"
	"testing/synctest"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// delays is a queue that records after how long each Service was enqueued.
type delays struct {
	store.Queue
	all []time.Duration
}

func (d *delays) Add(reconcile.Request) { d.all = append(d.all, 0) }

func (d *delays) AddAfter(_ reconcile.Request, after time.Duration) { d.all = append(d.all, after) }

// TestWhenASliceIsLookedAt: Services that ask for nothing cost nothing, and so does what happened long ago.
func TestWhenASliceIsLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, "evict")
		slice := func(ago time.Duration, annotations ...string) *discoveryv1.EndpointSlice {
			return gen.SliceOf(gen.LeaderOf(gen.WebService()), discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) {
				s.Annotations[config.LeaderSinceKey] = time.Now().Add(-ago).UTC().Format(leaderslice.SinceLayout)
				for i := 0; i < len(annotations); i += 2 {
					s.Annotations[annotations[i]] = annotations[i+1]
				}
			})
		}
		const recorded = "5/z9-uid/z9"
		created := func(s *discoveryv1.EndpointSlice) []time.Duration {
			q := &delays{}
			f.sliceHandler().Create(t.Context(), event.TypedCreateEvent[*discoveryv1.EndpointSlice]{Object: s}, q)
			return q.all
		}
		for name, test := range map[string]struct {
			slice *discoveryv1.EndpointSlice
			want  []time.Duration
		}{
			"no old leader":               {slice(0), nil},
			"an old leader of now":        {slice(0, config.OldLeaderKey, recorded), []time.Duration{time.Second}},
			"an old leader that is due":   {slice(5*time.Second, config.OldLeaderKey, recorded), []time.Duration{-4 * time.Second}},
			"an old leader of long ago":   {slice(time.Hour, config.OldLeaderKey, recorded), nil},
			"an old leader of the future": {slice(-time.Hour, config.OldLeaderKey, recorded), nil},
			"an old leader of before":     {slice(0, config.OldLeaderKey, "4/z9-uid/z9"), nil},
		} {
			got := created(test.slice)
			if len(got) != len(test.want) || len(got) > 0 && got[0] != test.want[0] {
				t.Errorf("%s: got %v, want %v", name, got, test.want)
			}
		}

		q := &delays{}
		update := func(before, after *discoveryv1.EndpointSlice) {
			f.sliceHandler().Update(t.Context(), event.TypedUpdateEvent[*discoveryv1.EndpointSlice]{ObjectOld: before, ObjectNew: after}, q)
		}
		update(slice(0), slice(0))
		update(slice(0), slice(0, config.OldLeaderKey, recorded))
		update(slice(0, config.OldLeaderKey, recorded), slice(0)) // to forget it
		f.sliceHandler().Delete(t.Context(), event.TypedDeleteEvent[*discoveryv1.EndpointSlice]{Object: slice(0)}, q)
		f.sliceHandler().Delete(t.Context(), event.TypedDeleteEvent[*discoveryv1.EndpointSlice]{Object: slice(0, config.OldLeaderKey, recorded)}, q)
		if len(q.all) != 3 || q.all[0] != time.Second || q.all[1] != 0 || q.all[2] != 0 {
			t.Errorf("got %v", q.all)
		}
	})
}
