//go:build integration

package integration_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestUpdatesAreWarnedOf: what an update of a Service or a pod brings about, or does not although its author expects it, is told to who makes it.
func TestUpdatesAreWarnedOf(t *testing.T) {
	admitting(t)
	c, said := warnedClient(t)
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "a")
	s.leads("web", "a")
	for _, step := range []struct {
		what, name, body string
		want             []string
	}{
		{what: "pods", name: "a", body: `{"metadata":{"annotations":{"tanist.dev/candidate":"no"}}}`, want: []string{
			`metadata.annotations[tanist.dev/candidate]: Unsupported value: "no": supported values: "true", "false"; the pod may lead until then`,
		}},
		{what: "pods", name: "a", body: `{"metadata":{"annotations":{"example.com/a":"b"}}}`},
		{what: "pods", name: "a", body: `{"metadata":{"annotations":{"tanist.dev/candidate":"true","tanist.dev/strategy":"newest"}}}`, want: []string{
			`metadata.annotations[tanist.dev/strategy]: Invalid value: "newest": belongs on the Service, not on its pods`,
		}},
		{what: "services", name: "web", body: `{"metadata":{"annotations":{"tanist.dev/sticky":"false"}}}`},
		{what: "services", name: "web", body: `{"metadata":{"annotations":{"tanist.dev/leader-service":"boss"}}}`, want: []string{
			"tanist: the leader Service web-leader is removed at once, with its address: clients must use boss",
		}},
		{what: "services", name: "web", body: `{"metadata":{"annotations":{"tanist.dev/enabled":null}}}`, want: []string{
			"tanist: Service web no longer asks for a leader: its leader Service boss is removed at once, with its address",
		}},
	} {
		said.texts = nil
		err := c.CoreV1().RESTClient().Patch(types.MergePatchType).Namespace(s.namespace).Resource(step.what).Name(step.name).
			Body([]byte(step.body)).Do(t.Context()).Error()
		if err != nil {
			t.Errorf("%s is refused: %v", step.body, err)
		}
		if diff := cmp.Diff(step.want, said.texts); diff != "" {
			t.Errorf("unexpected warnings for %s (-want +got):\n%s", step.body, diff)
		}
	}
}

// TestTheDeletionOfALeaderServiceIsWarnedOf: it comes back, and its cluster IP does not.
func TestTheDeletionOfALeaderServiceIsWarnedOf(t *testing.T) {
	admitting(t)
	c, said := warnedClient(t)
	s := newNamespace(t)
	s.withService("web")
	before := s.exists("web-leader")
	services := c.CoreV1().Services(s.namespace)
	if err := services.Delete(t.Context(), "web-leader", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	want := []string{"tanist: Service web asks for the leader Service web-leader: Tanist creates it again, with another cluster IP. " +
		"To be rid of it, remove the annotation tanist.dev/enabled from Service web"}
	if diff := cmp.Diff(want, said.texts); diff != "" {
		t.Errorf("unexpected warnings (-want +got):\n%s", diff)
	}
	s.exists("web-leader", func(service *corev1.Service) string {
		if service.UID == before.UID {
			return "another one"
		}
		return ""
	})
	said.texts = nil
	if err := services.Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if len(said.texts) > 0 {
		t.Errorf("the deletion of the Service itself has warnings: %q", said.texts)
	}
}

// TestSettingsOfALeaderServiceAreRefused: they would have no effect there.
func TestSettingsOfALeaderServiceAreRefused(t *testing.T) {
	admitting(t)
	s := newNamespace(t)
	s.withService("web")
	s.exists("web-leader")
	const at = `metadata.annotations[tanist.dev/`
	const detail = `]: Forbidden: has no effect on a leader Service: this is the leader Service of Service web, so annotate Service web instead`
	wantRefused(t, s.tryPatchService("web-leader", `{"metadata":{"annotations":{"tanist.dev/enabled":"true","tanist.dev/strategy":"newest"}}}`),
		"services.tanist.dev", `Service "web-leader" is invalid: [`+at+"enabled"+detail+", "+at+"strategy"+detail+"]",
		"metadata.annotations[tanist.dev/enabled]", "metadata.annotations[tanist.dev/strategy]")
	if _, err := clientset.CoreV1().Services(s.namespace).Patch(t.Context(), "web-leader", types.MergePatchType,
		[]byte(`{"metadata":{"annotations":{"example.com/a":"b"}}}`), metav1.PatchOptions{}); err != nil {
		t.Errorf("a foreign annotation is refused: %v", err)
	}
}
