//go:build integration

package integration_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/rotatesecret"
	"github.com/tanist-dev/tanist/config"
)

const wrongSecret = "zyxwvutsrqponmlkjihgfedcba9876543210"

// forge sends a review straight to a replica, as any pod can, and returns the status of the answer and the warnings in it.
func (r *replica) forge(path string, request admissionv1.AdmissionRequest) (int, []string) {
	r.t.Helper()
	request.UID = "forged"
	body, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"}, Request: &request,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	call, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, fmt.Sprintf("https://127.0.0.1:%d%s", r.port, path), bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	call.Header.Set("Content-Type", "application/json")
	response, err := client.Do(call)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	var review admissionv1.AdmissionReview
	if response.StatusCode == http.StatusOK {
		if err := json.NewDecoder(response.Body).Decode(&review); err != nil {
			r.t.Fatal(err)
		}
		return response.StatusCode, review.Response.Warnings
	}
	return response.StatusCode, nil
}

// made is a made-up review about a pod.
func (s *testNamespace) made(pod string, eviction bool) admissionv1.AdmissionRequest {
	s.t.Helper()
	request := admissionv1.AdmissionRequest{
		Operation: admissionv1.Delete, Namespace: s.namespace, Name: pod,
		Resource:  metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
		OldObject: runtime.RawExtension{Object: history.pod(s.namespace, pod)},
	}
	if eviction {
		request.Operation, request.SubResource, request.OldObject = admissionv1.Create, "eviction", runtime.RawExtension{}
		uid := history.pod(s.namespace, pod).UID
		request.Object = runtime.RawExtension{Object: &policyv1.Eviction{
			DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}},
		}}
	}
	return request
}

// forgedPaths are where a stranger may try.
var forgedPaths = []string{"/", config.PathDepartures, "/" + wrongSecret + config.PathDepartures}

// forgeAll makes up the departure of every pod, at every path.
func (s *testNamespace) forgeAll(r *replica, want func(path string, status int) bool, pods ...string) {
	s.t.Helper()
	for _, path := range forgedPaths {
		for _, pod := range pods {
			for _, eviction := range []bool{false, true} {
				if status, warnings := r.forge(path, s.made(pod, eviction)); !want(path, status) || len(warnings) > 0 {
					s.t.Errorf("a forged review at %s: got status %d and warnings %v", path, status, warnings)
				}
			}
		}
	}
}

// TestForgedReviewsChangeNothing sends made-up departures, with and without a secret in the configurations.
func TestForgedReviewsChangeNothing(t *testing.T) {
	refused := func(_ string, status int) bool { return status == http.StatusForbidden }
	served := func(path string, status int) bool {
		return status == http.StatusOK && !strings.Contains(path, wrongSecret) || refused(path, status)
	}
	i, r := admitting(t)
	i.put("commit: {onAdmission: true}", r)
	for _, test := range []struct {
		name  string
		begin func()
		want  func(string, int) bool
	}{
		{"with a secret", func() {}, refused},
		{"without a secret", func() {
			i.configure(r.port, patiently(t), secretless(t))
			r.counts(0, "tanist_admission_authenticated")
		}, served},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.begin()
			s, first := pair(t)
			s.withReadyPod("web", "c")
			s.follows("web-leader", "a", "b")
			s.awaitPodEvents()
			i.settled(r)

			s.forgeAll(r, test.want, "a", "b", "c")
			s.awaitPodEvents()
			s.stays("web", first)
			s.follows("web-leader", "a", "b")
			user := kubectl{namespace: s.namespace}
			if out, stderr, err := user.run(t, newHandover, "web", "--to", "b"); err != nil {
				t.Errorf("handover --to: %v, %s%s", err, out, stderr)
			}
			second := s.leads("web", "b")
			s.follows("web-leader", "b", "a")

			s.forgeAll(r, test.want, "a", "b", "c")
			s.terminate("b")
			if l := s.leads("web", "a"); !s.next("web", second, l) || l.Reason != "LeaderDeleted" {
				t.Errorf("got %+v after %+v", l, second)
			}
		})
	}
}

// secretless takes the secret out of a configuration, as a former version's chart renders it.
func secretless(t *testing.T) func(*unstructured.Unstructured) {
	return func(configuration *unstructured.Unstructured) {
		eachWebhook(t, configuration, func(webhook map[string]any) {
			call := webhook["clientConfig"].(map[string]any)
			call["url"] = strings.Replace(call["url"].(string), "/"+secret, "", 1)
		})
	}
}

func TestTheConfigurationsSecretIsBelieved(t *testing.T) {
	i, r := admitting(t)
	i.put("commit: {onAdmission: true}", r)
	r.counts(1, "tanist_admission_authenticated")
	s, first := pair(t)
	s.awaitPodEvents()
	if status, _ := r.forge("/"+secret+config.PathDepartures, s.made("a", false)); status != http.StatusOK {
		t.Errorf("got status %d", status)
	}
	if l := s.leads("web", "b"); !s.next("web", first, l) {
		t.Errorf("got %+v", l)
	}
	if got := r.counter("tanist_admission_unauthenticated_total"); got != 0 {
		t.Errorf("%v calls were refused", got)
	}
}

func newRotateSecret(k kubectl, streams genericiooptions.IOStreams) *cobra.Command {
	return rotatesecret.NewCommand(k, streams)
}

// TestNoCallFailsWhileTheSecretChanges deletes pods and writes Services all the time.
func TestNoCallFailsWhileTheSecretChanges(t *testing.T) {
	i, r := admitting(t)
	other := i.serve() // a replica that is not called sees every change, too
	failed := failOpen(t)
	s := newNamespace(t)
	s.withService("web")
	s.exists("web-leader") // the replica knows the Service, and so gives its pods a window
	const rotations = 5
	done := make(chan error, 1)
	user := kubectl{namespace: s.namespace}
	pods, services := 0, 0
	admitted := r.admissions()
	for range rotations {
		go func() {
			out, stderr, err := user.run(t, newRotateSecret, "--tanist-namespace", release)
			if err != nil || stderr != "" || strings.Count(out, "secret changed\n") != 2 {
				err = fmt.Errorf("got %w, %s%s", err, out, stderr)
			}
			done <- err
		}()
		for rotated, more := false, 5; !rotated || more > 0; {
			select {
			case err := <-done:
				rotated = true
				if err != nil {
					t.Error(err)
				}
			default:
			}
			if rotated {
				more-- // the API server's watch is behind its answer
			}
			name := fmt.Sprintf("pod-%d", pods)
			pods++
			if pod := s.withPod("web", name); pod.Annotations[config.DrainWindowAppliedKey] == "" {
				t.Errorf("pod %s was created without admission", name)
			}
			s.deletePod(clientset, name, metav1.DeleteOptions{})
			services++
			wrong := &corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("wrong-%d", services), Annotations: map[string]string{config.StrategyKey: "eldest"}},
				Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
			}
			if _, err := clientset.CoreV1().Services(s.namespace).Create(t.Context(), wrong, metav1.CreateOptions{}); err == nil {
				t.Error("a wrong Service was created: admission was not asked")
			}
		}
	}
	t.Logf("%d pods and %d Services while the secret changed %d times", pods, services, rotations)
	admitted(map[string]float64{"no_leader": float64(pods)})
	for _, replica := range []*replica{r, other} {
		replica.counts(1, "tanist_admission_authenticated")
		if got := replica.counter("tanist_admission_unauthenticated_total") + replica.counter("tanist_admission_rejected_total"); got != 0 {
			t.Errorf("%v calls were refused", got)
		}
	}
	if got := failOpen(t) - failed; got != 0 {
		t.Errorf("the API server counts %v calls that failed", got)
	}
	if status, _ := r.forge(config.PathDepartures, admissionv1.AdmissionRequest{Operation: admissionv1.Delete}); status != http.StatusForbidden {
		t.Errorf("got status %d without a secret", status)
	}
}

// failOpen returns how many calls of webhooks have failed so far, as the API server counts.
func failOpen(t *testing.T) float64 {
	t.Helper()
	return apiServerCounts(t, "apiserver_admission_webhook_fail_open_count", "", "")
}

// apiServerCounts returns the sum of a counter of the API server's over all series that have the value of a label.
func apiServerCounts(t *testing.T, name, label, value string) (n float64) {
	t.Helper()
	text, err := newClient(t, func(*rest.Config) {}).RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, metric := range families[name].GetMetric() {
		if label == "" || slices.ContainsFunc(metric.GetLabel(), func(l *dto.LabelPair) bool { return l.GetName() == label && l.GetValue() == value }) {
			n += metric.GetCounter().GetValue()
		}
	}
	return n
}
