package failover

import (
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// TestWhichPodEventsAreDecidedAtOnce: a1 leads, b2 is ready, and c3 and d4 are other pods of the Service.
func TestWhichPodEventsAreDecidedAtOnce(t *testing.T) {
	created := func(pod *corev1.Pod) func(*fixture) {
		return func(f *fixture) {
			f.podHandler().Create(f.t.Context(), event.TypedCreateEvent[*corev1.Pod]{Object: pod}, *f.queue.Load())
		}
	}
	updated := func(before, after *corev1.Pod) func(*fixture) {
		return func(f *fixture) {
			f.podHandler().Update(f.t.Context(), event.TypedUpdateEvent[*corev1.Pod]{ObjectOld: before, ObjectNew: after}, *f.queue.Load())
		}
	}
	deleted := func(pod *corev1.Pod) func(*fixture) {
		return func(f *fixture) {
			f.podHandler().Delete(f.t.Context(), event.TypedDeleteEvent[*corev1.Pod]{Object: pod}, *f.queue.Load())
		}
	}
	onNode := func(pod *corev1.Pod) { pod.Spec.NodeName = "node-7" }
	const leaderMoves, nothingMoves = true, false
	for name, test := range map[string]struct {
		event func(*fixture)
		moves bool // whether it may move the leader
	}{
		"the leader begins to terminate":      {updated(gen.ReadyPod("a1"), gen.ReadyPod("a1", gen.Terminating)), leaderMoves},
		"the leader is no longer ready":       {updated(gen.ReadyPod("a1"), gen.ReadyPod("a1", gen.NotReady)), leaderMoves},
		"the leader is gone":                  {deleted(gen.ReadyPod("a1", gen.Terminating)), leaderMoves},
		"a pod becomes ready":                 {updated(gen.ReadyPod("c3", gen.NotReady), gen.ReadyPod("c3")), leaderMoves},
		"a ready pod appears":                 {created(gen.ReadyPod("c3")), leaderMoves},
		"a ready pod begins to terminate":     {updated(gen.ReadyPod("b2"), gen.ReadyPod("b2", gen.Terminating)), leaderMoves},
		"a ready pod is gone":                 {deleted(gen.ReadyPod("b2")), leaderMoves},
		"a pod is created":                    {created(gen.ReadyPod("d4", gen.NotReady)), nothingMoves},
		"a pod gets its node":                 {updated(gen.ReadyPod("d4", gen.NotReady), gen.ReadyPod("d4", gen.NotReady, onNode)), nothingMoves},
		"a pod that was terminating is gone":  {deleted(gen.ReadyPod("b2", gen.Terminating)), nothingMoves},
		"a pod that was not ready terminates": {updated(gen.ReadyPod("d4", gen.NotReady), gen.ReadyPod("d4", gen.NotReady, gen.Terminating)), nothingMoves},
	} {
		t.Run(name, func(t *testing.T) {
			for role, newFixture := range map[string]func(testing.TB) *fixture{
				"the holder of the Lease": newLeaseHolder,
				"another replica that has prepared the hand-over": func(t testing.TB) *fixture {
					f := newFixture(t)
					_, _ = f.reconcile() // what it lacks it reads, as after a start
					f.PrepareDeparture(dummy.DeletionOf("a1"), time.Now())
					return f
				},
				"another replica": newFixture,
			} {
				want := test.moves && role != "another replica"
				synctest.Test(t, func(t *testing.T) {
					f := newFixture(t)
					if _, err := f.reconcile(); err != nil {
						t.Fatal(err)
					}
					q := gen.NewQueue(t)
					f.queue.Store(&q)
					test.event(f)
					synctest.Wait()
					if got := len(gen.Enqueued(q)) > 0; got != want {
						t.Errorf("%s decides at once: %t, want %t", role, got, want)
					}
					if arrived := f.taken(); arrived.IsZero() == test.moves {
						t.Errorf("%s: the event arrived at %s", role, arrived)
					}
					<-time.After(max(idleEventDelay, config.NewStore().Load().Commit.BackupDelay.Duration))
					synctest.Wait()
					if got := len(gen.Enqueued(q)) > 0; got == want {
						t.Errorf("%s decides after the backup delay: %t, want %t", role, got, !want)
					}
					q.ShutDown()
				})
			}
		})
	}
}

// What a replica leaves to others has waited in its queue for as long as it waits for them.
func TestABackupCountsItsDelayFromTheEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		delay := f.tuning.Load().Commit.BackupDelay.Duration
		f.deleteLeader()
		<-time.After(delay - time.Millisecond)
		f.deleteLeader() // a second event, which may be the one that moves the leader
		<-time.After(time.Millisecond)
		if result, err := f.reconcile(); err != nil || result.RequeueAfter != delay-time.Millisecond {
			t.Errorf("the replica waits for %s (%v), want the rest of %s since the last event", result.RequeueAfter, err, delay)
		}
		<-time.After(delay - time.Millisecond)
		f.commits()
	})
}
