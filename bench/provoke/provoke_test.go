package provoke

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/watch"
)

// call is a request that an API server got.
type call struct {
	Method, Path, Query string
	Body                map[string]any
}

// recorder is an API server that notes requests and answers with these statuses, the last of them again and again.
type recorder struct {
	calls    []call
	statuses []int
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	got := call{Method: request.Method, Path: request.URL.Path, Query: request.URL.RawQuery}
	if body, _ := io.ReadAll(request.Body); len(body) > 0 {
		_ = json.Unmarshal(body, &got.Body)
	}
	r.calls = append(r.calls, got)
	status := r.statuses[0]
	if len(r.statuses) > 1 {
		r.statuses = r.statuses[1:]
	}
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "10")
	}
	w.WriteHeader(status)
	answer := metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess}
	if status >= http.StatusBadRequest {
		answer.Status, answer.Code, answer.Message = metav1.StatusFailure, int32(status), "said the server"
		answer.Reason = map[int]metav1.StatusReason{
			http.StatusForbidden: metav1.StatusReasonForbidden, http.StatusTooManyRequests: metav1.StatusReasonTooManyRequests,
		}[status]
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (r *recorder) client(t *testing.T) kubernetes.Interface {
	t.Helper()
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL, QPS: -1, ContentConfig: rest.ContentConfig{ContentType: runtime.ContentTypeJSON}})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestProvoke(t *testing.T) {
	const pod, uid = "/api/v1/namespaces/ns/pods/web-1", "uid-1"
	precondition := map[string]any{"uid": uid}
	tests := map[string]struct {
		mode      report.Mode
		simulated bool
		statuses  []int
		want      []call
		// wantDelay is how long after the request the loss begins.
		wantDelay time.Duration
		wantErr   string
	}{
		"a delete leaves the grace period to the pod": {
			mode: report.ModeDelete, statuses: []int{200},
			want: []call{{Method: "DELETE", Path: pod, Body: map[string]any{
				"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": precondition,
			}}},
		},
		"a force delete gives no grace": {
			mode: report.ModeForce, statuses: []int{200},
			want: []call{{Method: "DELETE", Path: pod, Body: map[string]any{
				"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0.0, "preconditions": precondition,
			}}},
		},
		"an eviction that the budget refuses is sent again, at once rather than after the server's ten seconds": {
			mode: report.ModeEvict, statuses: []int{429, 201},
			want: []call{evictionOf("web-1", precondition), evictionOf("web-1", precondition)},
		},
		"an eviction that is forbidden is not sent again": {
			mode: report.ModeEvict, statuses: []int{403}, want: []call{evictionOf("web-1", precondition)},
			wantErr: "failed to evict pod web-1: said the server",
		},
		"readiness is taken away through the API server": {
			mode: report.ModeReadiness, statuses: []int{202},
			want: []call{{Method: "POST", Path: pod + ":8080/proxy/unready", Query: "for=3s"}},
		},
		"a crash may cut its own answer short": {
			mode: report.ModeCrash, statuses: []int{502}, want: []call{{Method: "POST", Path: pod + ":8080/proxy/crash", Query: "after=500ms"}},
			wantDelay: lossDelay,
		},
		"a hang is asked for through the API server": {
			mode: report.ModeFreeze, statuses: []int{202},
			want: []call{{Method: "POST", Path: pod + ":8080/proxy/freeze", Query: "after=500ms&for=10s"}}, wantDelay: lossDelay,
		},
		"a crash that is forbidden is said": {
			mode: report.ModeCrash, statuses: []int{403}, want: []call{{Method: "POST", Path: pod + ":8080/proxy/crash", Query: "after=500ms"}},
			wantDelay: lossDelay, wantErr: "failed to crash pod web-1: said the server",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := &recorder{statuses: test.statuses}
			with := Provoker{Mode: test.mode, Client: server.client(t), Namespace: "ns", Simulated: test.simulated}
			began := time.Now()
			loss, err := with.Provoke(t.Context(), watch.Pod{Name: "web-1", UID: uid})
			sent := loss.At.Add(-test.wantDelay)
			if got := text(err); got != test.wantErr {
				t.Errorf("error = %q, want %q", got, test.wantErr)
			}
			if sent.Before(began) || sent.Add(loss.Call).After(time.Now()) {
				t.Errorf("sent at %s and answered after %s, which is not during the call", sent, loss.Call)
			}
			if len(test.want) > 1 && sent.Sub(began) < evictRetryDelay {
				t.Errorf("sent %s after the first request, want the time of the last", sent.Sub(began))
			}
			if diff := cmp.Diff(test.want, server.calls); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func evictionOf(pod string, precondition map[string]any) call {
	return call{Method: "POST", Path: "/api/v1/namespaces/ns/pods/" + pod + "/eviction", Body: map[string]any{
		"kind": "Eviction", "apiVersion": "policy/v1",
		"metadata":      map[string]any{"name": pod, "namespace": "ns"},
		"deleteOptions": map[string]any{"preconditions": precondition},
	}}
}

func TestRestore(t *testing.T) {
	tests := map[string]struct {
		mode      report.Mode
		simulated bool
		want      []string
	}{
		"a deleted pod is replaced by its workload": {mode: report.ModeDelete},
		"a crashed pod is replaced rather than waited for": {mode: report.ModeCrash, want: []string{
			"GET /apis/discovery.k8s.io/v1/namespaces/ns/endpointslices", "DELETE /api/v1/namespaces/ns/pods/web-1",
		}},
		"a pod that hung goes on by itself":       {mode: report.ModeFreeze, want: []string{"GET /apis/discovery.k8s.io/v1/namespaces/ns/endpointslices"}},
		"a pod gets its readiness back by itself": {mode: report.ModeReadiness},
		"a simulated pod does not": {
			mode: report.ModeReadiness, simulated: true, want: []string{"PATCH /api/v1/namespaces/ns/pods/web-1/status"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := &recorder{statuses: []int{200}}
			with := Provoker{Mode: test.mode, Client: server.client(t), Namespace: "ns", Simulated: test.simulated}
			if err := with.Restore(t.Context(), watch.Pod{Name: "web-1", UID: "uid-1"}); err != nil {
				t.Errorf("Restore: %v", err)
			}
			var got []string
			for _, c := range server.calls {
				got = append(got, c.Method+" "+c.Path)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteReadyNamesThePodItMeans(t *testing.T) {
	server := &recorder{statuses: []int{200}}
	with := Provoker{Mode: report.ModeReadiness, Client: server.client(t), Namespace: "ns", Simulated: true}
	if _, err := with.Provoke(t.Context(), watch.Pod{Name: "web-1", UID: "uid-1"}); err != nil {
		t.Fatal(err)
	}
	patch := server.calls[0].Body
	if diff := cmp.Diff(map[string]any{"uid": "uid-1"}, patch["metadata"]); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	conditions, _ := patch["status"].(map[string]any)["conditions"].([]any)
	if len(conditions) != 1 {
		t.Fatalf("conditions = %v", conditions)
	}
	condition, _ := conditions[0].(map[string]any)
	if condition["type"] != string(corev1.PodReady) || condition["status"] != string(corev1.ConditionFalse) {
		t.Errorf("condition = %v", condition)
	}
}
