//go:build integration

package integration_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// told is what a pod was told, by header and by body.
type told struct {
	Path, Term, Leader string
	Body               struct {
		Namespace, Service, Leader, OldLeader, OldLeaderUID, Reason string
		Term                                                        int64
	}
}

// application answers for the pods of a test, and records what it was told.
type application struct {
	*httptest.Server
	mu  sync.Mutex
	all []told
	// answers are the statuses of its answers, in their order; then 200.
	answers []int
}

// ownAddress returns an IPv4 address of this machine that an EndpointSlice may have: no loopback address.
func ownAddress(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range all {
		if network, ok := address.(*net.IPNet); ok && network.IP.To4() != nil && network.IP.IsGlobalUnicast() {
			return network.IP.String()
		}
	}
	t.Skip("this machine has no address but that of the loopback interface")
	return ""
}

func newApplication(t *testing.T, answers ...int) *application {
	t.Helper()
	a := &application{answers: answers}
	listener, err := net.Listen("tcp4", net.JoinHostPort(ownAddress(t), "0"))
	if err != nil {
		t.Fatal(err)
	}
	a.Server = httptest.NewUnstartedServer(a)
	_ = a.Listener.Close()
	a.Listener = listener
	a.Start()
	t.Cleanup(a.Close)
	return a
}

// ServeHTTP implements http.Handler.
func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		return
	}
	body, _ := io.ReadAll(r.Body)
	got := told{Path: r.URL.Path, Term: r.Header.Get("Tanist-Term"), Leader: r.Header.Get("Tanist-Leader")}
	err := json.Unmarshal(body, &got.Body, json.MatchCaseInsensitiveNames(true))
	a.mu.Lock()
	a.all = append(a.all, got)
	status := http.StatusOK
	if len(a.answers) > 0 {
		status, a.answers = a.answers[0], a.answers[1:]
	}
	a.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	w.WriteHeader(status)
}

func (a *application) calls() []told {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]told(nil), a.all...)
}

// asksForCalls makes a Service that asks for calls of a path. Pod a leads it. Both pods have the address of the application.
func asksForCalls(t *testing.T, a *application, after string) *testNamespace {
	t.Helper()
	host, text, err := net.SplitHostPort(a.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	listens := func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports[0].ContainerPort = int32(port) }
	s := newNamespace(t)
	s.withService("web", annotation(config.AfterHandoverKey, after), annotation(config.ProbeKey, "off"))
	makeReady := func(name string) {
		s.withPod("web", name, listens)
		s.status(name, fmt.Sprintf(`{"phase":"Running","podIP":%q,"podIPs":[{"ip":%q}],"conditions":[{"type":"Ready","status":"True","lastTransitionTime":%q}]}`,
			host, host, now()))
	}
	makeReady("a")
	s.leads("web", "a")
	makeReady("b")
	return s
}

func TestTheOldLeaderIsCalled(t *testing.T) {
	r := newTanist(t).startElected()
	a := newApplication(t, http.StatusServiceUnavailable) // once: it is tried again
	s := asksForCalls(t, a, "/v1/handed-over")
	second := s.movesTo("b")
	s.reported("web", "OldLeaderCalled", "/v1/handed-over was answered with 200 OK")
	r.counts(1, afterHandovers, "action=call", "outcome=done")
	want := told{Path: "/v1/handed-over", Term: strconv.FormatInt(second.Term, 10), Leader: "b"}
	want.Body.Namespace, want.Body.Service, want.Body.Term, want.Body.Reason = s.namespace, "web", second.Term, "Preferred"
	want.Body.Leader, want.Body.OldLeader, want.Body.OldLeaderUID = "b", "a", string(history.pod(s.namespace, "a").UID)
	if diff := cmp.Diff([]told{want, want}, a.calls()); diff != "" {
		t.Errorf("unexpected calls (-want +got):\n%s", diff)
	}
	s.isLeftAlone("a")
	s.stays("web", second)
}
