//go:build integration

package integration_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

func TestChangesOfALeaderServiceAreRefused(t *testing.T) {
	const webhook = "services.tanist.dev"
	_, r := admitting(t)
	s := newNamespace(t)
	s.withService("web")
	s.exists("web-leader") // no pod leads yet, so it has no annotation
	refused := func(body string, fields ...string) {
		t.Helper()
		what := ""
		for i, name := range fields {
			what += fmt.Sprintf("%s: Forbidden: Tanist keeps this leader Service of Service web and would undo the change: "+
				"change Service web instead", name)
			if i < len(fields)-1 {
				what += ", "
			}
		}
		if len(fields) > 1 {
			what = "[" + what + "]"
		}
		wantRefused(t, s.tryPatchService("web-leader", body), webhook, `Service "web-leader" is invalid: `+what, fields...)
	}
	check := func() {
		t.Helper()
		refused(`{"spec":{"selector":{"app":"web"}}}`, "spec.selector")
		refused(`{"spec":{"type":"NodePort"}}`, "spec.type")
		refused(`{"spec":{"ports":[{"name":"http","port":81}]}}`, "spec.ports")
		refused(`{"spec":{"sessionAffinity":"ClientIP"}}`, "spec.sessionAffinity", "spec.sessionAffinityConfig")
		refused(`{"spec":{"externalIPs":["192.0.2.1"]}}`, "spec.externalIPs", "spec.externalTrafficPolicy")
		refused(`{"metadata":{"labels":null},"spec":{"selector":{"app":"web"}}}`, "spec.selector")
	}
	check()
	s.withReadyPod("web", "a")
	s.leads("web", "a")
	check()

	for what, body := range map[string]string{
		"a label": `{"metadata":{"labels":{"team":"shop"}}}`, "an annotation": `{"metadata":{"annotations":{"example.com/a":"b"}}}`,
		"a finalizer": `{"metadata":{"finalizers":["example.com/wait"]}}`,
		"what is so":  `{"spec":{"selector":null,"type":"ClusterIP","sessionAffinity":"None"}}`,
	} {
		if err := s.tryPatchService("web-leader", body); err != nil {
			t.Errorf("%s is refused: %v", what, err)
		}
	}
	// Tanist's own writes, which follow the Service's changes, are not refused.
	s.patchService("web", `{"spec":{"ports":[{"name":"http","port":8080,"targetPort":"web"}]}}`)
	s.exists("web-leader", func(service *corev1.Service) string {
		if got := service.Spec.Ports[0].Port; got != 8080 {
			return fmt.Sprintf("port 8080, got %d", got)
		}
		return ""
	})
	if got := r.counter("tanist_admission_failures_total", "webhook=services"); got != 0 {
		t.Errorf("%v failures to judge a Service", got)
	}
	// A deletion is not refused, with and without a finalizer.
	s.deleteService("web")
	s.deleteService("web-leader")
	if err := s.tryPatchService("web-leader", `{"metadata":{"finalizers":null}}`); err != nil {
		t.Errorf("the finalizer cannot be removed: %v", err)
	}
	s.isGone("web-leader")
}

// TestTwoServicesForOneLeaderService: the second is refused even before the first has its leader Service.
func TestTwoServicesForOneLeaderService(t *testing.T) {
	const path = "metadata.annotations[tanist.dev/leader-service]"
	i := newInstalled(t)
	i.startElected().die() // no replica makes leader Services until its Lease expires
	i.call(i.serve())
	s := newNamespace(t)
	boss := annotation(config.LeaderServiceKey, "boss")
	s.withService("web", boss)
	s.withService("other")
	wantRefused(t, s.tryService("api", boss), "services.tanist.dev", `Service "api" is invalid: `+path+
		`: Invalid value: "boss": is the name that Service web also asks for: choose another name`, path)
	wantRefused(t, s.tryPatchService("other", `{"metadata":{"annotations":{"tanist.dev/leader-service":"boss"}}}`), "services.tanist.dev",
		`Service "other" is invalid: `+path+`: Invalid value: "boss": is the name that Service web also asks for: choose another name`, path)
	if history.service(s.namespace, "boss") != nil {
		t.Error("web has its leader Service: nothing was tried of one that has none")
	}
	s.deleteService("web")
	history.eventually(t, func() string { // until the recorder has seen the deletion
		if err := s.tryService("api", boss); err != nil {
			return "that api gets the name: " + err.Error()
		}
		return ""
	})
}

// TestTwoServicesAtOnceForOneLeaderService: both may be admitted. Then an Event about the second says so, and the leader Service of the first works.
func TestTwoServicesAtOnceForOneLeaderService(t *testing.T) {
	admitting(t)
	s := newNamespace(t)
	boss := annotation(config.LeaderServiceKey, "boss")
	var group sync.WaitGroup
	errs := make([]error, 2)
	for i, name := range []string{"a", "b"} {
		group.Go(func() { errs[i] = s.tryService(name, boss) })
	}
	group.Wait()
	first, second := "a", "b"
	if owner := metav1.GetControllerOf(s.exists("boss")); owner.Name == "b" {
		first, second, errs[0], errs[1] = "b", "a", errs[1], errs[0]
	}
	if errs[0] != nil {
		t.Fatalf("%s has the leader Service and was refused: %v", first, errs[0])
	}
	if errs[1] == nil {
		s.warned(second, "LeaderServiceTaken", "choose another name")
	}
}

// TestANamespaceThatIsNotOptedInAnyMore: the API server warns the client that changes the label, and refuses nothing.
func TestANamespaceThatIsNotOptedInAnyMore(t *testing.T) {
	admitting(t)
	c, said := warnedClient(t)
	s := newNamespace(t)
	s.withService("web")
	s.exists("web-leader")
	misspelt := `tanist: label tanist.dev/enabled="yes" does not opt namespace ` + s.namespace + ` in: the value must be "true"`
	losing := "tanist: namespace " + s.namespace + " is no longer opted in: the leader Services of web will be removed after the tuning's optOutGrace, " +
		"unless the namespace has the label tanist.dev/enabled=true again"
	for _, step := range []struct {
		body string
		want []string
	}{
		{body: `{"metadata":{"labels":{"team":"shop"}}}`},
		{body: `{"metadata":{"labels":{"tanist.dev/enabled":"yes"}}}`, want: []string{misspelt, losing}},
		{body: `{"metadata":{"labels":{"team":"store"}}}`},
		{body: `{"metadata":{"labels":{"tanist.dev/enabled":"True"}}}`, want: []string{
			`tanist: label tanist.dev/enabled="True" does not opt namespace ` + s.namespace + ` in: the value must be "true"`}},
		{body: `{"metadata":{"labels":{"tanist.dev/enabled":"true"}}}`},
		{body: `{"metadata":{"labels":{"tanist.dev/enabled":null}}}`, want: []string{losing}},
		{body: `{"metadata":{"labels":{"tanist.dev/enabled":"true"}}}`},
		{body: `{"metadata":{"labels":{"tanist.dev/enabled":"false"}}}`, want: []string{losing}},
	} {
		s.awaitNamespaceCached()
		said.texts = nil
		if _, err := c.CoreV1().Namespaces().Patch(t.Context(), s.namespace, types.MergePatchType, []byte(step.body), metav1.PatchOptions{}); err != nil {
			t.Errorf("%s is refused: %v", step.body, err)
		}
		if diff := cmp.Diff(step.want, said.texts); diff != "" {
			t.Errorf("unexpected warnings for %s (-want +got):\n%s", step.body, diff)
		}
	}
	for value, want := range map[string]int{"true": 0, "false": 0, "on": 1} {
		said.texts = nil
		if _, err := c.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Labels: map[string]string{config.EnabledKey: value}},
		}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
			t.Errorf("a namespace with %q is refused: %v", value, err)
		}
		if len(said.texts) != want {
			t.Errorf("got warnings %q for a new namespace with %q, want %d", said.texts, value, want)
		}
	}
}
