package peer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

const ours = "tanist-system"

var errAway = errors.New("the API server is away")

// api is an API server, which counts what is written.
type api struct {
	client.WithWatch
	reads, writes int
	// err, if any, is what every call fails with.
	err error
	// stuck is whether no call is answered.
	stuck bool
}

func newAPI(t *testing.T, objects ...client.Object) *api {
	t.Helper()
	a := &api{}
	a.WithWatch = interceptor.NewClient(fake.NewClientBuilder().WithObjects(objects...).Build(), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			a.reads++
			return a.call(ctx, func() error { return c.Get(ctx, key, o, opts...) })
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			a.writes++
			return a.call(ctx, func() error { return c.Create(ctx, o, opts...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			a.writes++
			return a.call(ctx, func() error { return c.Update(ctx, o, opts...) })
		},
	})
	return a
}

func (a *api) call(ctx context.Context, do func() error) error {
	if a.stuck {
		<-ctx.Done()
		return ctx.Err()
	}
	if a.err != nil {
		return a.err
	}
	return do()
}

// lease returns the Lease of a replica; nil if there is none.
func (a *api) lease(t *testing.T, replica string) *coordinationv1.Lease {
	t.Helper()
	var lease coordinationv1.Lease
	err := a.Get(t.Context(), types.NamespacedName{Namespace: ours, Name: "tanist-" + replica}, &lease)
	if client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return &lease
}

// beacon is that of a replica which has just started.
func (a *api) beacon(pod string, uid types.UID) *Beacon {
	return &Beacon{Leases: a, Namespace: ours, Pod: pod, UID: uid}
}

// start is when the clock of synctest starts.
const start = "2000-01-01T00:00:00.000Z"

func TestSayAlive(t *testing.T) {
	pod := func(uid types.UID) []metav1.OwnerReference {
		return []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: "a", UID: uid}}
	}
	labels := map[string]string{"app.kubernetes.io/managed-by": "tanist"}
	old := metav1.NewMicroTime(time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC))
	spec := func(holder string) coordinationv1.LeaseSpec {
		return coordinationv1.LeaseSpec{HolderIdentity: &holder, RenewTime: &old}
	}
	cases := map[string]struct {
		uid      types.UID
		existing *coordinationv1.Lease
		want     metav1.ObjectMeta // of the Lease, if it was written
		wantErr  string
	}{
		"the first time, the Lease is created for the pod": {
			uid: "uid", want: metav1.ObjectMeta{Labels: labels, OwnerReferences: pod("uid")},
		},
		"a replica that does not know the UID of its pod": {
			want: metav1.ObjectMeta{Labels: labels},
		},
		"what others wrote on the Lease stays": {
			uid: "uid",
			existing: &coordinationv1.Lease{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"x": "y"}, Annotations: map[string]string{"x": "y"}}, Spec: spec("a"),
			},
			want: metav1.ObjectMeta{
				Labels:      map[string]string{"x": "y", "app.kubernetes.io/managed-by": "tanist"},
				Annotations: map[string]string{"x": "y"}, OwnerReferences: pod("uid"),
			},
		},
		"the Lease of a former pod of the same name is not deleted with that one": {
			uid:      "uid",
			existing: &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{OwnerReferences: pod("former")}, Spec: spec("a")},
			want:     metav1.ObjectMeta{Labels: labels, OwnerReferences: pod("uid")},
		},
		"a Lease of somebody else is left alone": {
			uid: "uid", existing: &coordinationv1.Lease{Spec: spec("somebody")},
			wantErr: `failed to write Lease tanist-a: it is held by "somebody"`,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var objects []client.Object
				if test.existing != nil {
					test.existing.Namespace, test.existing.Name = ours, "tanist-a"
					objects = append(objects, test.existing)
				}
				a := newAPI(t, objects...)
				if err := a.beacon("a", test.uid).SayAlive(t.Context()); test.wantErr != "" {
					if err == nil || err.Error() != test.wantErr || a.writes != 0 {
						t.Errorf("got the error %v and %d writes, want the error %s", err, a.writes, test.wantErr)
					}
					return
				} else if err != nil {
					t.Fatal(err)
				}
				got := a.lease(t, "a")
				metav1.SetMetaDataAnnotation(&test.want, "tanist.dev/alive", start)
				want := &coordinationv1.Lease{ObjectMeta: test.want, Spec: coordinationv1.LeaseSpec{
					HolderIdentity: new("a"), RenewTime: &metav1.MicroTime{Time: time.Now()},
				}}
				want.Namespace, want.Name, want.ResourceVersion = ours, "tanist-a", got.ResourceVersion
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("unexpected Lease (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A replica that says again that it lives has a moment for it: it reads nothing first, unless the Lease has changed meanwhile.
func TestWhatAReplicaSaysAgainNeedsOneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t)
		b := a.beacon("a", "uid")
		say := func(wantReads, wantWrites int) {
			t.Helper()
			a.reads, a.writes = 0, 0
			<-time.After(time.Second)
			if err := b.SayAlive(t.Context()); err != nil {
				t.Fatal(err)
			}
			if a.reads != wantReads || a.writes != wantWrites {
				t.Errorf("it took %d reads and %d writes, want %d and %d", a.reads, a.writes, wantReads, wantWrites)
			}
			if got := a.lease(t, "a").Spec.RenewTime.Time; !got.Equal(time.Now()) {
				t.Errorf("the Lease was renewed at %s, want %s", got, time.Now())
			}
		}
		say(1, 1)
		say(0, 1)
		lease := a.lease(t, "a")
		metav1.SetMetaDataAnnotation(&lease.ObjectMeta, "x", "y")
		if err := a.Update(t.Context(), lease); err != nil {
			t.Fatal(err)
		}
		say(1, 2)
		if err := a.Delete(t.Context(), lease); err != nil {
			t.Fatal(err)
		}
		say(1, 2)
		say(0, 1)
	})
}

func TestAnAPIServerThatDoesNotAnswerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t)
		a.stuck = true
		b := a.beacon("a", "uid")
		began := time.Now()
		if err := b.SayAlive(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a write ended with %v", err)
		}
		if _, err := b.AliveSince(t.Context(), "b"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a read ended with %v", err)
		}
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("a write and a read took %s, want a second each", took)
		}
	})
}
