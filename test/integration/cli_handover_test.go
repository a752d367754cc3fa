//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// prefers waits until a Service's annotation names a preferred leader; empty for no annotation.
func (s *testNamespace) prefers(service, pod string) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		if got := history.service(s.namespace, service).Annotations[config.PreferredLeaderKey]; got != pod {
			return fmt.Sprintf("that %q is preferred, got %q", pod, got)
		}
		return ""
	})
}

func TestHandoverMovesTheLeaderOnce(t *testing.T) {
	newTanist(t).startElected()
	s, first := pair(t)
	s.withReadyPod("web", "c")
	user := kubectl{namespace: s.namespace}
	s.follows("web-leader", "a", "b")

	out, stderr, err := user.run(t, newHandover, "web")
	second := s.leads("web", "b")
	if err != nil || stderr != "" || !strings.HasPrefix(out, fmt.Sprintf("web: from a to b, term %d, after ", second.Term)) {
		t.Fatalf("got %v, %s%s", err, out, stderr)
	}
	s.prefers("web", "")
	out, _, err = user.run(t, newHandover, "web", "--to", "c", "--keep")
	third := s.leads("web", "c")
	if err != nil || !strings.HasPrefix(out, fmt.Sprintf("web: from b to c, term %d, after ", third.Term)) {
		t.Fatalf("got %v, %s", err, out)
	}
	s.prefers("web", "c")
	if out, _, err = user.run(t, newHandover, "web", "--to", "c"); err != nil || out != fmt.Sprintf("web: c leads already, term %d\n", third.Term) {
		t.Errorf("got %v, %s", err, out)
	}
	if _, _, err = user.run(t, newHandover, "web", "--to", "a"); err == nil || !strings.HasPrefix(err.Error(), "the Service prefers pod c (tanist.dev/preferred-leader)") {
		t.Errorf("got %v", err)
	}

	s.kill("c") // a preferred leader takes over again when it comes back
	fourth := s.leads("web", "a")
	s.withReadyPod("web", "c")
	l := s.leads("web", "c")
	if !s.next("web", first, second) || !s.next("web", second, third) || !s.next("web", third, fourth) || !s.next("web", fourth, l) || l.Reason != "Preferred" {
		t.Errorf("got %+v", l)
	}
	if got := s.versionsOf("EndpointSlice", "web-leader-ipv4"); got > 5+1 { // and one when it was made, before the first pod
		t.Errorf("the slice has %d versions, want one for each leader", got)
	}
}

func TestHandoverPutsBackWhatWasThere(t *testing.T) {
	installation := newTanist(t)
	r := installation.startElected()
	s, first := pair(t)
	s.follows("web-leader", "a", "b")
	r.stop()
	user := kubectl{namespace: s.namespace}

	_, _, err := user.run(t, newHandover, "web", "--to", "b", "--timeout", "10m")
	if err == nil || !strings.HasPrefix(err.Error(), "Tanist is not running: no replica holds its Lease") {
		t.Errorf("got %v", err)
	}
	s.prefers("web", "")

	// A replica that holds the Lease, and makes no move.
	lease := fmt.Sprintf(`{"spec":{"holderIdentity":"idle","leaseDurationSeconds":3600,"renewTime":%q}}`,
		time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000000Z"))
	if _, err := clientset.CoordinationV1().Leases(installation.namespace).Patch(
		t.Context(), config.LeaseName, types.MergePatchType, []byte(lease), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	_, _, err = user.run(t, newHandover, "web", "--to", "b", "--timeout", "500ms")
	if err == nil || !strings.HasPrefix(err.Error(), "b did not lead within 500ms: ") {
		t.Errorf("got %v", err)
	}
	s.prefers("web", "")

	s.annotate("web", config.PreferredLeaderKey, "gone")
	ctx, cancel := context.WithCancel(t.Context())
	_, _, done := user.begin(ctx, newHandover, "web", "--to", "b", "--keep", "--timeout", "10m")
	s.prefers("web", "b")
	cancel() // Ctrl-C
	if err := <-done; err == nil || err.Error() != "interrupted: context canceled" {
		t.Errorf("got %v", err)
	}
	s.prefers("web", "gone")

	ctx, cancel = context.WithCancel(t.Context())
	_, _, done = user.begin(ctx, newHandover, "web", "--to", "b", "--keep", "--timeout", "10m")
	s.prefers("web", "b")
	s.annotate("web", config.PreferredLeaderKey, "someone-elses")
	s.prefers("web", "someone-elses")
	cancel()
	if err := <-done; err == nil || err.Error() != "interrupted: context canceled" {
		t.Errorf("got %v", err)
	}
	s.prefers("web", "someone-elses")
	s.stays("web", first)
}

func TestHandoverSaysWhyNot(t *testing.T) {
	newTanist(t).startElected()
	s, first := pair(t)
	s.follows("web-leader", "a", "b")
	s.withPod("web", "unready")
	s.withReadyPod("web", "going")
	s.terminate("going")
	s.withReadyPod("api", "other")
	s.withService("plain", func(service *corev1.Service) { service.Annotations = nil })
	s.withService("empty")
	s.nobodyLeads("empty")
	s.withService("lonely")
	s.withReadyPod("lonely", "lone")
	s.leads("lonely", "lone")
	s.follows("lonely-leader", "lone", "")
	cases := map[string]struct {
		args []string
		want string
	}{
		"a Service that does not exist": {[]string{"nothing"}, `failed to get Service: services "nothing" not found`},
		"a Service that is not opted in": {
			[]string{"plain"}, fmt.Sprintf("%s/plain is not opted in: kubectl annotate service plain --namespace %s tanist.dev/enabled=true", s.namespace, s.namespace),
		},
		"a leader Service": {
			[]string{"web-leader"}, fmt.Sprintf("%s/web-leader is a leader Service: name the Service it was made for, web", s.namespace),
		},
		"a Service without a leader": {
			[]string{"empty"}, "nobody leads, so there is no leader to hand over from: see `kubectl tanist get empty -n " + s.namespace + "` and the Events of the Service",
		},
		"a leader that no pod can follow": {[]string{"lonely"}, "nobody can follow lone: the Service has no other pod"},
		"a pod that does not exist":       {[]string{"web", "--to", "z"}, "pod z does not exist in namespace " + s.namespace},
		"a pod that is not selected":      {[]string{"web", "--to", "other"}, "pod other is not selected by Service web (app=web)"},
		"a pod that is not ready":         {[]string{"web", "--to", "unready"}, "pod unready is not ready"},
		"a pod that is being deleted":     {[]string{"web", "--to", "going"}, "pod going is being deleted"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			out, _, err := kubectl{namespace: s.namespace}.run(t, newHandover, test.args...)
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if out != "" {
				t.Errorf("printed %s", out)
			}
		})
	}
	s.stays("web", first)

	s.allow("reader", rbacv1.PolicyRule{
		APIGroups: []string{"", "discovery.k8s.io"}, Resources: []string{"services", "endpointslices"}, Verbs: []string{"get", "list", "watch"},
	})
	_, _, err := kubectl{namespace: s.namespace, user: "reader"}.run(t, newHandover, "web")
	if err == nil || !strings.HasPrefix(err.Error(), `failed to annotate Service: services "web" is forbidden`) {
		t.Errorf("got %v", err)
	}

	s.label(`null`)
	_, _, err = kubectl{namespace: s.namespace}.run(t, newHandover, "web")
	if want := fmt.Sprintf("namespace %s is not opted in: kubectl label namespace %s tanist.dev/enabled=true", s.namespace, s.namespace); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
