//go:build integration

package integration_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// failedOpen is how often the API server has let a request pass because it could not call one of our webhooks.
func failedOpen(t *testing.T) float64 {
	t.Helper()
	stream, err := clientset.CoreV1().RESTClient().Get().AbsPath("/metrics").Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(stream)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, metric := range families["apiserver_admission_webhook_fail_open_count"].GetMetric() {
		for _, label := range metric.GetLabel() {
			if label.GetName() == "name" && strings.HasSuffix(label.GetValue(), ".tanist.dev") {
				sum += metric.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// endpoint is something that the API server calls instead of Tanist.
type endpoint struct {
	port   int
	bundle []byte
	// calls counts what has arrived at it.
	calls func() int64
}

// answering is an HTTPS server that answers like this.
func answering(t *testing.T, answer http.HandlerFunc) endpoint {
	t.Helper()
	var calls atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		// The API server says how long it waits: 10 s unless it is told otherwise.
		if got := r.URL.Query().Get("timeout"); got != "1s" && got != "2s" {
			t.Errorf("the API server waits %s for the answer to %s", got, r.URL.Path)
		}
		_, _ = io.Copy(io.Discard, r.Body) // only then it is noticed when the client goes
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return endpoint{port: server.Listener.Addr().(*net.TCPAddr).Port, bundle: caOf(server), calls: calls.Load}
}

// blackHole takes connections and says nothing.
func blackHole(t *testing.T) endpoint {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // closed
			}
			calls.Add(1)
			go func() { _, _ = io.Copy(io.Discard, connection); connection.Close() }()
		}
	}()
	t.Cleanup(func() { listener.Close() })
	trusted := httptest.NewTLSServer(nil)
	t.Cleanup(trusted.Close)
	return endpoint{port: listener.Addr().(*net.TCPAddr).Port, bundle: caOf(trusted), calls: calls.Load}
}

// bundled has a configuration trust a CA, and cert-manager leave it alone.
func bundled(t *testing.T, bundle []byte) func(*unstructured.Unstructured) {
	return func(configuration *unstructured.Unstructured) {
		configuration.SetAnnotations(nil)
		eachWebhook(t, configuration, func(webhook map[string]any) {
			if len(bundle) > 0 {
				webhook["clientConfig"].(map[string]any)["caBundle"] = base64.StdEncoding.EncodeToString(bundle)
			}
		})
	}
}

func TestDeletionsPassWhenAdmissionCannotBeCalled(t *testing.T) {
	cases := map[string]func(t *testing.T) endpoint{
		"nothing answers": blackHole,
		"it answers with an error": func(t *testing.T) endpoint {
			return answering(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", http.StatusInternalServerError) })
		},
		"it answers nonsense": func(t *testing.T) endpoint {
			return answering(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") })
		},
		"it hangs up": func(t *testing.T) endpoint {
			return answering(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		},
		"it takes too long": func(t *testing.T) endpoint {
			return answering(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		},
	}
	for name, start := range cases {
		t.Run(name, func(t *testing.T) {
			i := newInstalled(t)
			r := i.startElected() // without admission
			e := start(t)
			i.configure(e.port, bundled(t, e.bundle))
			history.eventually(t, func() string {
				i.probe.tryDelete("probe")
				if e.calls() == 0 {
					return "a call"
				}
				return ""
			})
			checkUnadmitted(t, r)
		})
	}
}

// checkUnadmitted deletes a leader that admission cannot be asked about.
func checkUnadmitted(t *testing.T, r *replica) {
	t.Helper()
	s := newScene(t)
	s.withService("web")
	s.withReadyPod("web", "pod-0")
	s.leads("web", "pod-0")
	unadmitted, before := r.counter("tanist_departures_unadmitted_total"), failedOpen(t)
	s.withReadyPod("web", "pod-1")
	s.terminate("pod-0")
	s.leads("web", "pod-1")
	r.counts(unadmitted+1, "tanist_departures_unadmitted_total")
	if failedOpen(t) == before {
		t.Error("the API server counts no failed call: it did not try")
	}
}

func TestDeletionsPassWhenTheReplicaThatIsCalledStops(t *testing.T) {
	i, called := admitting(t)
	other := i.serve()
	s, first := pair(t)
	s.podWitness()
	i.settled(called, other) // what has been written when a replica stops, but not been answered, nobody counts
	called.stop()
	other.waitElected()
	checkUnadmitted(t, other)
	s.terminate("a")
	if l := s.leads("web", "b"); !s.next("web", first, l) {
		t.Errorf("got %+v", l)
	}
	i.call(other)
	s.withReadyPod("web", "c")
	s.podWitness()
	i.settled(called, other)
	moved := other.counter("tanist_handovers_total", "path=prepared")
	s.terminate("b")
	s.leads("web", "c")
	other.counts(moved+1, "tanist_handovers_total", "path=prepared")
}

// TestDeletionsPassWhileTheReplicaThatIsCalledStops: the API server keeps its connection for as long as it can.
func TestDeletionsPassWhileTheReplicaThatIsCalledStops(t *testing.T) {
	i, called := admitting(t)
	i.serve()
	s := newScene(t)
	s.withService("web")
	s.withReadyPod("web", "pod-0")
	leader := s.leads("web", "pod-0")
	const n = 20
	for k := range n {
		s.withReadyPod("web", fmt.Sprint("pod-", k+1))
		if k == n/2 {
			called.cancel() // and go on at once
		}
		s.terminate(fmt.Sprint("pod-", k))
		before := leader
		if leader = s.leads("web", fmt.Sprint("pod-", k+1)); !s.next("web", before, leader) {
			t.Errorf("got %+v after %+v", leader, before)
		}
	}
}

func TestDeletionsPassWhenNoCAIsInjected(t *testing.T) {
	i, r := admitting(t)
	trusts := func(want float64) {
		t.Helper()
		for _, webhook := range validatingWebhooks {
			r.counts(want, "tanist_webhook_trusted", "webhook="+webhook)
		}
	}
	i.patchValidating(`[{"op":"remove","path":"/metadata/annotations"},` +
		`{"op":"remove","path":"/webhooks/0/clientConfig/caBundle"},{"op":"remove","path":"/webhooks/1/clientConfig/caBundle"},` +
		`{"op":"remove","path":"/webhooks/2/clientConfig/caBundle"},{"op":"remove","path":"/webhooks/3/clientConfig/caBundle"}]`)
	trusts(0)
	before := failedOpen(t)
	history.eventually(t, func() string {
		if i.probe.tryDelete("probe"); failedOpen(t) == before {
			return "a call that fails"
		}
		return ""
	})
	checkUnadmitted(t, r)
	history.eventually(t, func() string {
		if !history.event("Warning", "default", configurations, "WebhookNotTrusted", "no caBundle is injected") {
			return "a Warning"
		}
		return ""
	})

	// The annotation is all that it takes to mend it.
	i.patchValidating(`[{"op":"add","path":"/metadata/annotations","value":{"cert-manager.io/inject-ca-from":"` + release + `/tanist-ca"}}]`)
	trusts(1)
	i.call(r)
}

func (i *installed) patchValidating(patch string) {
	i.t.Helper()
	if _, err := clientset.AdmissionregistrationV1().ValidatingWebhookConfigurations().Patch(
		i.t.Context(), configurations, types.JSONPatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		i.t.Fatal(err)
	}
}

// TestAnUpgradeLeavesTheInjectedCAAlone: the chart's manifest has no caBundle, so that it takes none away.
func TestAnUpgradeLeavesTheInjectedCAAlone(t *testing.T) {
	i, r := admitting(t)
	before := failedOpen(t)
	admitted := r.admissions()
	for range 5 {
		i.configure(r.port, patiently(t))
		i.probe.tryDelete("probe")
	}
	admitted(map[string]float64{"dry_run": 5})
	if got := failedOpen(t) - before; got != 0 {
		t.Errorf("%v calls failed", got)
	}
}
