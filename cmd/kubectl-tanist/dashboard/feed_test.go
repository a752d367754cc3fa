package dashboard

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/dashboard/page"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

// shop are the objects of Service web, which a1 leads.
func shop() []runtime.Object {
	source := gen.WebService()
	leaderService := gen.LeaderOf(source)
	return []runtime.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{config.EnabledKey: "true"}}},
		source, leaderService, gen.SliceOf(leaderService, discoveryv1.AddressTypeIPv4), gen.ReadyPod("a1"), gen.ReadyPod("b1"), gen.RealNode("node-of-a1"),
	}
}

// forbid has the API refuse to show resources.
func forbid(client *fake.Clientset, resources ...string) {
	for _, resource := range resources {
		client.PrependReactor("*", resource, func(action clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: action.GetResource().Resource}, "", errors.New("no right"))
		})
	}
}

func started(t *testing.T, client *fake.Clientset, namespace string) (*feed, error) {
	t.Helper()
	f := newFeed(client, namespace, installation.Reader{Client: client, Namespace: "tanist-system"}, "https://api.example")
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	if err := f.start(ctx); err != nil {
		return nil, err
	}
	go f.run(ctx)
	return f, nil
}

// stream reads the updates that a browser is sent.
type stream struct {
	t     *testing.T
	lines *bufio.Scanner
}

func newStream(t *testing.T, server *httptest.Server) *stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if got := answer.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("the updates are %s", got)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	return &stream{t, lines}
}

// until reads updates until one has what is waited for.
func (s *stream) until(found func(update, []page.Row) bool) {
	s.t.Helper()
	for s.lines.Scan() {
		text, isData := strings.CutPrefix(s.lines.Text(), "data: ")
		if !isData {
			continue
		}
		var u update
		if err := json.Unmarshal([]byte(text), &u); err != nil {
			s.t.Fatal(err)
		}
		rows := make([]page.Row, len(u.Rows))
		for i := range rows {
			if err := json.Unmarshal(u.Rows[i], &rows[i]); err != nil {
				s.t.Fatal(err)
			}
		}
		if found(u, rows) {
			return
		}
	}
	s.t.Fatalf("the updates ended: %v", s.lines.Err())
}

func TestABrowserFollowsTheCluster(t *testing.T) {
	client := fake.NewClientset(shop()...)
	f, err := started(t, client, "shop")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(newHandler(f))
	t.Cleanup(server.Close) // after the streams, for whose end it waits
	s := newStream(t, server)
	s.until(func(u update, rows []page.Row) bool {
		if !u.All || len(rows) != 1 || rows[0].Status.Leader.Name != "a1" {
			t.Errorf("at first, it is told %+v", u)
		}
		var h head
		if err := json.Unmarshal(u.Head, &h); err != nil || h.Namespace != "shop" || h.Cluster != "https://api.example" || len(h.Notes) > 0 {
			t.Errorf("the head is %s", u.Head)
		}
		return true
	})

	going := gen.ReadyPod("a1", gen.Terminating, func(pod *corev1.Pod) { pod.DeletionTimestamp = new(metav1.Now()) })
	if _, err := client.CoreV1().Pods("shop").Update(t.Context(), going, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	s.until(func(_ update, rows []page.Row) bool {
		return len(rows) == 1 && len(rows[0].Disruptions) == 1 && rows[0].Disruptions[0].Pod == "a1"
	})

	slice := gen.SliceOf(gen.LeaderOf(gen.WebService()), discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) {
		slice.Endpoints[0].TargetRef.Name, slice.Endpoints[0].TargetRef.UID = "b1", "b1-uid"
		slice.Annotations[config.TermKey], slice.Annotations[config.LeaderSinceKey] = "6", metav1.Now().UTC().Format("2006-01-02T15:04:05.000Z07:00")
	})
	if _, err := client.DiscoveryV1().EndpointSlices("shop").Update(t.Context(), slice, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	s.until(func(u update, rows []page.Row) bool {
		return !u.All && len(rows) == 1 && rows[0].Status.Leader.Name == "b1" && len(rows[0].Moves) == 1
	})

	if err := client.CoreV1().Services("shop").Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.until(func(u update, _ []page.Row) bool { return len(u.Gone) == 1 && u.Gone[0] == "shop/web" })
}

func TestAllNamespaces(t *testing.T) {
	elsewhere := gen.WebService(func(s *corev1.Service) { s.Namespace, s.UID = "other", "other-uid" })
	f, err := started(t, fake.NewClientset(append(shop(), elsewhere)...), metav1.NamespaceAll)
	if err != nil {
		t.Fatal(err)
	}
	u := f.hub.take(f.hub.subscribe())
	if !f.hub.has("shop", "web") || !f.hub.has("other", "web") || len(u.Rows) != 2 || !strings.Contains(string(u.Head), `"namespace":""`) {
		t.Errorf("the page is %s %s", u.Head, u.Rows)
	}
}

func TestTheLeasesThatServicesFollow(t *testing.T) {
	objects := shop()
	for _, object := range objects {
		if service, ok := object.(*corev1.Service); ok && service.Name == "web" {
			service.Annotations[config.FollowLeaseKey] = "web"
		}
	}
	client := fake.NewClientset(objects...)
	f, err := started(t, client, "shop")
	if err != nil {
		t.Fatal(err)
	}
	shown := func() string {
		f.publish(gen.T0)
		u := f.hub.take(f.hub.subscribe())
		return fmt.Sprintf("%s %s", u.Head, u.Rows)
	}
	const missing, note = `"Lease missing"`, "the Leases that Services follow is not shown"
	if got := shown(); !strings.Contains(got, missing) || strings.Contains(got, note) {
		t.Errorf("the page is %s", got)
	}
	client.PrependReactor("get", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(coordinationv1.Resource("leases"), "web", errors.New("no"))
	})
	f.refreshLeases(t.Context())
	if got := shown(); strings.Contains(got, missing) || !strings.Contains(got, note) {
		t.Errorf("the page is %s", got)
	}
}

func TestDetails(t *testing.T) {
	f, err := started(t, fake.NewClientset(shop()...), "shop")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		query string
		want  int
		body  string
	}{
		"a Service of the page":          {"namespace=shop&name=web", 200, `"roles":["leads","successor"]`},
		"a Service that is not on it":    {"namespace=shop&name=web-leader", 404, "no such Service"},
		"a Service of another namespace": {"namespace=kube-system&name=web", 404, "no such Service"},
		"none":                           {"", 404, "no such Service"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := httptest.NewRecorder()
			newHandler(f).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/service?"+test.query, nil))
			if answer.Code != test.want || !strings.Contains(answer.Body.String(), test.body) {
				t.Errorf("got %d, %s", answer.Code, answer.Body)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	f, err := started(t, fake.NewClientset(shop()...), "shop")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		code        int
		contentType string
	}{
		"/":           {200, "text/html; charset=utf-8"},
		"/main.js":    {200, "text/javascript; charset=utf-8"},
		"/style.css":  {200, "text/css; charset=utf-8"},
		"/icon.svg":   {200, "image/svg+xml"},
		"/none":       {404, "text/plain; charset=utf-8"},
		"/../feed.go": {307, ""},
	} {
		answer := httptest.NewRecorder()
		newHandler(f).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if got := answer.Header().Get("Content-Type"); answer.Code != want.code || want.contentType != "" && got != want.contentType {
			t.Errorf("%s is %d, %s", path, answer.Code, got)
		}
	}
}

func TestWhatTheUserMayNotRead(t *testing.T) {
	for name, test := range map[string]struct {
		forbidden []string
		wantError string
		wantNotes int
	}{
		"nodes": {forbidden: []string{"nodes"}, wantNotes: 1},
		"all but Services and EndpointSlices": {
			forbidden: []string{"nodes", "pods", "events", "namespaces", "configmaps", "leases"}, wantNotes: 4,
		},
		"Services":       {forbidden: []string{"services"}, wantError: "failed to list Services: services is forbidden: no right"},
		"EndpointSlices": {forbidden: []string{"endpointslices"}, wantError: "failed to list EndpointSlices: endpointslices is forbidden: no right"},
	} {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(shop()...)
			forbid(client, test.forbidden...)
			f, err := started(t, client, "shop")
			if got := fmt.Sprint(err); test.wantError != "" && got != test.wantError || test.wantError == "" && err != nil {
				t.Fatalf("got error %s", got)
			}
			if err != nil {
				return
			}
			u := f.hub.take(f.hub.subscribe())
			var h head
			if err := json.Unmarshal(u.Head, &h); err != nil || len(h.Notes) != test.wantNotes {
				t.Errorf("the head is %s, want %d notes", u.Head, test.wantNotes)
			}
			if got := short(t, u).Rows; len(got) != 1 || got[0] != "web a1" {
				t.Errorf("the rows are %v", got)
			}
		})
	}
}

// TestAUserOfOneNamespace may get the Namespace, and not list it: a RoleBinding gives no more.
func TestAUserOfOneNamespace(t *testing.T) {
	client := fake.NewClientset(shop()...)
	client.PrependReactor("list", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(corev1.Resource("namespaces"), "", errors.New("no right"))
	})
	f, err := started(t, client, "shop")
	if err != nil {
		t.Fatal(err)
	}
	u := f.hub.take(f.hub.subscribe())
	if strings.Contains(string(u.Head), "opted in") || strings.Contains(string(u.Rows[0]), "not opted in") {
		t.Errorf("the Namespace was not read: %s %s", u.Head, u.Rows)
	}
}

func TestThePageSaysThatItIsOutOfDate(t *testing.T) {
	f, err := started(t, fake.NewClientset(shop()...), "shop")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(newHandler(f))
	t.Cleanup(server.Close) // after the streams, for whose end it waits
	s := newStream(t, server)
	f.report(pods, errors.New("connection refused"))
	s.until(func(u update, _ []page.Row) bool {
		return strings.Contains(string(u.Head), "pods cannot be read at present, so what is shown may be out of date: connection refused")
	})
	f.report(pods, apierrors.NewResourceExpired("too old"))
	s.until(func(u update, _ []page.Row) bool {
		return u.Head != nil && !strings.Contains(string(u.Head), "at present")
	})
}
