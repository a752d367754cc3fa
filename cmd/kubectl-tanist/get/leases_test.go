package get

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

// shopFollowing is a snapshot of a Service that follows the Lease web, with its leader Service, and no pods.
func shopFollowing(t *testing.T, o *options) (s *snapshot, all []any) {
	t.Helper()
	web := newService("web", map[string]string{config.EnabledKey: "true", config.FollowLeaseKey: "web"})
	leaderService := newService("web-leader", nil)
	leaderService.OwnerReferences = []metav1.OwnerReference{{Kind: "Service", Name: "web", UID: "web", Controller: new(true)}}
	s = snapshotOf(t, o, web, leaderService)
	if err := s.fill(pods, &corev1.PodList{}); err != nil {
		t.Fatal(err)
	}
	return s, []any{web.DeepCopy(), leaderService.DeepCopy()}
}

func TestTheLeaseThatAServiceFollowsIsRead(t *testing.T) {
	o := &options{namespace: "shop"}
	s, _ := shopFollowing(t, o)
	client := fake.NewClientset()
	r := &reader{options: o, client: client}
	if err := r.readLeases(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if got := phrases(s.list(nil).Items[0].Warnings); got != "no leader: no pod selected, Lease missing" || len(s.notes) > 0 {
		t.Errorf("got %s, and notes %v", got, s.notes)
	}
	client.PrependReactor("get", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(coordinationv1.Resource("leases"), "web", errors.New("no"))
	})
	if err := r.readLeases(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	const note = `what is wrong with the Leases that Services follow is not shown: failed to get Lease: leases.coordination.k8s.io "web" is forbidden: no`
	if got := phrases(s.list(nil).Items[0].Warnings); got != "no leader: no pod selected" || len(s.notes) != 1 || s.notes[0] != note {
		t.Errorf("got %s, and notes %v", got, s.notes)
	}
}

func TestAWatchPrintsWhatBecomesOfALease(t *testing.T) {
	o := &options{namespace: "shop", noHeaders: true, watch: true}
	s, all := shopFollowing(t, o)
	var out bytes.Buffer
	l := &live{
		snapshot: s, printer: printerFor(t, o, genericiooptions.IOStreams{Out: &out, ErrOut: &out}), last: map[types.NamespacedName]status.Leader{},
	}
	client := fake.NewClientset()
	r := &reader{options: o, client: client}
	busy := false
	client.PrependReactor("get", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		return busy, nil, apierrors.NewTooManyRequests("slow down", 1)
	})
	step := func(what string, do func() error, want ...string) {
		t.Helper()
		out.Reset()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		got := out.String()
		if got != "" && len(want) == 0 {
			t.Errorf("%s prints %s", what, got)
		}
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("%s prints %q, want %s", what, got, part)
			}
		}
	}
	read := func() error { l.readLeases(t.Context(), r); return nil }
	step("the first list", func() error { return (&store{l, services}).Replace(all, "1") }, "no leader: no pod selected")
	step("the first look", read, "Lease missing")
	step("the same again", read)
	step("a list after a gap", func() error { return (&store{l, services}).Replace(all, "2") })
	busy = true
	step("a look that fails", read)
	busy = false
	step("a Lease of another's pod", func() error {
		_, err := client.CoordinationV1().Leases("shop").Create(t.Context(), gen.LeaseHeldBy("z_x", "1", func(l *coordinationv1.Lease) { l.Spec.RenewTime = nil }), metav1.CreateOptions{})
		return errors.Join(err, read())
	}, "Lease holder unknown")
}
