package leases

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/lease"
	"github.com/tanist-dev/tanist/test/gen"
)

func following(service, lease string) *corev1.Service {
	return gen.WebService(func(s *corev1.Service) {
		s.Name = service
		if lease != "" {
			s.Annotations[config.FollowLeaseKey] = lease
		}
	})
}

func TestRead(t *testing.T) {
	services := []*corev1.Service{
		following("plain", ""), following("web", "web"), following("web-again", "web"), following("early", "missing"), following("strict", "secret"),
	}
	for name, test := range map[string]struct {
		// refused is the API server's answer to who asks for the Lease secret.
		refused error
		want    map[string]string // who holds each Lease that was read
		is      func(error) bool
	}{
		"all may be read": {
			want: map[string]string{"web": "a1_x", "missing": "", "secret": "s1_x"}, is: func(err error) bool { return err == nil },
		},
		"one may not be read": {
			refused: apierrors.NewForbidden(coordinationv1.Resource("leases"), "secret", errors.New("no")),
			want:    map[string]string{"web": "a1_x", "missing": ""}, is: apierrors.IsForbidden,
		},
		"the API server is busy": {refused: apierrors.NewTooManyRequests("slow down", 1), is: apierrors.IsTooManyRequests},
	} {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(gen.LeaseHeldBy("a1_x", "1"), gen.LeaseHeldBy("s1_x", "1", func(l *coordinationv1.Lease) { l.Name = "secret" }))
			var asked []string
			client.PrependReactor("get", "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
				name := action.(clienttesting.GetAction).GetName()
				asked = append(asked, name)
				return name == "secret" && test.refused != nil, nil, test.refused
			})
			found, err := Read(t.Context(), client, services)
			if !test.is(err) {
				t.Errorf("got error %v", err)
			}
			var got map[string]string
			for name, followed := range found {
				if got == nil {
					got = map[string]string{}
				}
				got[name.Name] = lease.Holder(followed.Lease)
				if followed.At.IsZero() || name.Namespace != "shop" {
					t.Errorf("got %s at %s", name, followed.At)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected Leases (-want +got):\n%s", diff)
			}
			if slices.Sort(asked); !slices.Equal(asked, []string{"missing", "secret", "web"}) {
				t.Errorf("asked for %v, want each Lease once", asked)
			}
		})
	}
}
