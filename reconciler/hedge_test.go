package reconciler

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// answering is a connection on which each read is answered after some time, with a ConfigMap that says which connection it was, or with an error.
type answering struct {
	name  string
	after time.Duration // never if it is negative
	err   error

	asked, ended atomic.Int32
}

// Get implements client.Reader.
func (a *answering) Get(ctx context.Context, _ client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	into.(*corev1.ConfigMap).Data = map[string]string{"from": a.name}
	return a.answer(ctx)
}

// List implements client.Reader.
func (a *answering) List(ctx context.Context, into client.ObjectList, _ ...client.ListOption) error {
	into.(*corev1.ConfigMapList).Items = []corev1.ConfigMap{{Data: map[string]string{"from": a.name}}}
	return a.answer(ctx)
}

func (a *answering) answer(ctx context.Context) error {
	a.asked.Add(1)
	defer func() { a.ended.Add(1) }()
	if a.after < 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	select {
	case <-time.After(a.after):
		return a.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestHedgedReads(t *testing.T) {
	missing := apierrors.NewNotFound(schema.GroupResource{Resource: "configmaps"}, "a")
	busy := apierrors.NewServiceUnavailable("starting")
	broken := errors.New("connection reset")
	cases := map[string]struct {
		first, second *answering
		want          string
		wantErr       error
		wantTook      time.Duration
		wantSecond    int32
	}{
		"the first one answers":                       {first: &answering{after: hedgeAfter - 1}, want: "first", wantTook: hedgeAfter - 1},
		"the first one fails":                         {first: &answering{err: broken}, want: "second", wantSecond: 1},
		"both fail":                                   {first: &answering{err: broken}, second: &answering{err: broken}, wantErr: broken, wantSecond: 1},
		"the first one is refused":                    {first: &answering{err: busy}, wantErr: busy},
		"the first one never answers":                 {first: &answering{after: -1}, want: "second", wantTook: hedgeAfter, wantSecond: 1},
		"the first one is slow, the second is slower": {first: &answering{after: time.Second}, second: &answering{after: time.Second}, want: "first", wantTook: time.Second, wantSecond: 1},
		"the first one is slow, the second one fails": {first: &answering{after: time.Second}, second: &answering{err: broken}, want: "first", wantTook: time.Second, wantSecond: 1},
		"the first one fails late":                    {first: &answering{after: time.Second, err: broken}, second: &answering{after: time.Second}, want: "second", wantTook: hedgeAfter + time.Second, wantSecond: 1},
		"the second one says that there is none":      {first: &answering{after: -1}, second: &answering{err: missing}, wantErr: missing, wantTook: hedgeAfter, wantSecond: 1},
		"neither answers":                             {first: &answering{after: -1}, second: &answering{after: -1}, wantErr: context.DeadlineExceeded, wantTook: time.Minute, wantSecond: 1},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				first, second := test.first, test.second
				if second == nil {
					second = &answering{}
				}
				first.name, second.name = "first", "second"
				reader := hedgedReader{newHedge[client.Reader](first, second)}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				began := time.Now()
				var one corev1.ConfigMap
				err := reader.Get(ctx, client.ObjectKey{Name: "a"}, &one)
				if took := time.Since(began); took != test.wantTook || !errors.Is(err, test.wantErr) || one.Data["from"] != test.want {
					t.Errorf("got %q and error %v after %s, want %q and %v after %s", one.Data["from"], err, took, test.want, test.wantErr, test.wantTook)
				}
				synctest.Wait()
				if first.ended.Load() != 1 || second.asked.Load() != test.wantSecond || second.ended.Load() != test.wantSecond {
					t.Errorf("%d of 1 and %d of %d questions have ended, want one and %d", first.ended.Load(), second.ended.Load(), second.asked.Load(), test.wantSecond)
				}
			})
		})
	}
}

// TestASlowAPIServerIsNotAskedEverythingTwice also tries List.
func TestASlowAPIServerIsNotAskedEverythingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &answering{name: "first", after: 10*time.Second + 1}, &answering{name: "second", after: 20 * time.Second}
		reader := hedgedReader{newHedge[client.Reader](first, second)}
		for range 3 * maxHedged {
			go func() {
				var list corev1.ConfigMapList
				if err := reader.List(t.Context(), &list); err != nil || len(list.Items) != 1 || list.Items[0].Data["from"] != "first" {
					t.Errorf("got %v and error %v", list.Items, err)
				}
			}()
		}
		<-time.After(5 * time.Second)
		if got := second.asked.Load(); got != maxHedged {
			t.Errorf("the second connection is asked %d times, want %d", got, maxHedged)
		}
		<-time.After(10 * time.Second)
		if got := second.ended.Load(); got != maxHedged {
			t.Errorf("%d of these have ended, want all %d", got, maxHedged)
		}
	})
}

// TestASilentConnectionCostsNoFurtherDelay, for a while: a reader whose patience is shorter than one hedge's must get answers, too.
func TestASilentConnectionCostsNoFurtherDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &answering{name: "first", after: -1}, &answering{name: "second", after: time.Millisecond}
		reader := hedgedReader{newHedge[client.Reader](first, second)}
		read := func(when string, want time.Duration) {
			t.Helper()
			began := time.Now()
			if err := reader.Get(t.Context(), client.ObjectKey{}, &corev1.ConfigMap{}); err != nil || time.Since(began) != want {
				t.Errorf("%s a read takes %s, error %v, want %s", when, time.Since(began), err, want)
			}
		}
		read("at first", hedgeAfter+time.Millisecond)
		read("after a silence", time.Millisecond)
		<-time.After(silence)
		read("much later", hedgeAfter+time.Millisecond)
		synctest.Wait()
		first.after = 0
		read("when the first one answers again", 0)
		first.after = -1
		read("in a new silence", hedgeAfter+time.Millisecond)
	})
}
