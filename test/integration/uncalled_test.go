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
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// failedOpen returns how often the API server has let a request pass because it could not call one of our webhooks.
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

// endpoint is a server that the API server calls instead of Tanist.
type endpoint struct {
	port   int
	bundle []byte
	// calls returns the number of calls so far.
	calls func() int64
}

// answering starts an HTTPS server that answers with a handler.
func answering(t *testing.T, answer http.HandlerFunc) endpoint {
	t.Helper()
	var calls atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		// The API server says how long it waits: 10 s unless the configuration says otherwise.
		if got := r.URL.Query().Get("timeout"); got != "1s" && got != "2s" {
			t.Errorf("the API server waits %s for the answer to %s", got, r.URL.Path)
		}
		_, _ = io.Copy(io.Discard, r.Body) // otherwise the server does not notice when the client closes the connection
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return endpoint{port: server.Listener.Addr().(*net.TCPAddr).Port, bundle: caOf(server), calls: calls.Load}
}

// blackHole starts a server that accepts connections and never answers.
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

// bundled writes a CA into a configuration, and takes the annotation away with which cert-manager would write another.
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
		"it answers with what is no AdmissionReview": func(t *testing.T) endpoint {
			return answering(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") })
		},
		"it closes the connection": func(t *testing.T) endpoint {
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

// checkUnadmitted deletes a leader while admission cannot be called, and checks the hand-over.
func checkUnadmitted(t *testing.T, r *replica) {
	t.Helper()
	s := newNamespace(t)
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
	s.awaitPodEvents()
	i.settled(called, other) // a replica that stops does not count a write whose answer it does not get
	called.stop()
	other.waitElected()
	checkUnadmitted(t, other)
	s.terminate("a")
	if l := s.leads("web", "b"); !s.next("web", first, l) {
		t.Errorf("got %+v", l)
	}
	i.call(other)
	s.withReadyPod("web", "c")
	s.awaitPodEvents()
	i.settled(called, other)
	moved := other.counter("tanist_handovers_total", "path=prepared")
	s.terminate("b")
	s.leads("web", "c")
	other.counts(moved+1, "tanist_handovers_total", "path=prepared")
}

// TestDeletionsPassWhileTheReplicaThatIsCalledStops: the API server keeps its connection to the replica as long as it can.
func TestDeletionsPassWhileTheReplicaThatIsCalledStops(t *testing.T) {
	i, called := admitting(t)
	i.serve()
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "pod-0")
	leader := s.leads("web", "pod-0")
	const n = 20
	for k := range n {
		s.withReadyPod("web", fmt.Sprint("pod-", k+1))
		if k == n/2 {
			called.cancel() // without waiting for its end
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
	awaitEvent(t, corev1.EventTypeWarning, "default", configurations, "WebhookNotTrusted", "no caBundle is injected")

	// Restoring the annotation is all that it takes to repair it.
	i.patchValidating(`[{"op":"add","path":"/metadata/annotations","value":{"cert-manager.io/inject-ca-from":"` + release + `/tanist-ca"}}]`)
	trusts(1)
	i.call(r)
}

func (i *installed) patchValidating(body string) {
	i.t.Helper()
	patch(i.t, clientset.AdmissionregistrationV1().ValidatingWebhookConfigurations(), types.JSONPatchType, configurations, body)
}

// TestAnUpgradeLeavesTheInjectedCAAlone: the chart's manifest has no caBundle, so that it removes none.
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
