package provoke

import (
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tanist-dev/tanist/bench/report"
	"github.com/tanist-dev/tanist/bench/watch"
)

// answer is what becomes of a probe.
type answer func(request *http.Request) (*http.Response, error)

func status(code int) answer {
	return func(*http.Request) (*http.Response, error) {
		response := httptest.NewRecorder()
		response.WriteHeader(code)
		return response.Result(), nil
	}
}

// late is no answer in time.
func late(request *http.Request) (*http.Response, error) {
	<-request.Context().Done()
	return nil, request.Context().Err()
}

// refused is what happens while no API server listens.
func refused(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// apiServer answers probes in this order, and notes when each was sent.
type apiServer struct {
	answers []answer
	asked   []time.Time
}

func (a *apiServer) RoundTrip(request *http.Request) (*http.Response, error) {
	a.asked = append(a.asked, time.Now())
	return a.answers[len(a.asked)-1](request)
}

func TestAwaitSilence(t *testing.T) {
	const asking = "failed to node pod web-1: failed to ask the pod whether it still answers: "
	ok, unreachable := status(http.StatusOK), status(http.StatusServiceUnavailable)
	tests := map[string]struct {
		answers []answer
		// want is the number of the probe to which the loss is dated.
		want    int
		wantErr string
	}{
		"two probes without an answer date the loss to the one before": {answers: []answer{ok, ok, unreachable, unreachable}, want: 2},
		"so do two that are not answered in time":                      {answers: []answer{ok, late, late}, want: 1},
		"a single probe without an answer is no loss":                  {answers: []answer{ok, late, ok, unreachable, ok, unreachable, late}, want: 5},
		"a pod that is gone is not silent": {
			answers: []answer{ok, status(http.StatusNotFound)}, want: 1,
			wantErr: asking + "the server could not find the requested resource (get pods web-1:8080)",
		},
		"a request that is forbidden says nothing about the pod": {
			answers: []answer{ok, unreachable, status(http.StatusForbidden)}, want: 1,
			wantErr: asking + " (get pods web-1:8080)",
		},
		"nor does one without valid credentials": {
			answers: []answer{ok, status(http.StatusUnauthorized)}, want: 1,
			wantErr: asking + "the server has asked for the client to provide credentials (get pods web-1:8080)",
		},
		"nor one of too many": {
			answers: []answer{ok, status(http.StatusTooManyRequests)}, want: 1,
			wantErr: asking + "the server has received too many requests and has asked us to try again later (get pods web-1:8080)",
		},
		"nor one that no API server gets": {
			answers: []answer{ok, refused}, want: 1,
			wantErr: asking + `Get "http://server/api/v1/namespaces/ns/pods/web-1:8080/proxy": dial tcp: connection refused`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &apiServer{answers: test.answers}
				client, err := kubernetes.NewForConfig(&rest.Config{Host: "http://server", QPS: -1, Transport: server})
				if err != nil {
					t.Fatal(err)
				}
				with := Provoker{Mode: report.ModeNode, Client: client, Namespace: "ns", Printf: t.Logf}
				loss, err := with.Provoke(t.Context(), watch.Pod{Name: "web-1", Node: "node-1"})
				if diff := cmp.Diff(test.wantErr, text(err)); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				if len(server.asked) != len(test.answers) {
					t.Fatalf("the pod was asked %d times, want %d", len(server.asked), len(test.answers))
				}
				if want := server.asked[test.want-1]; !loss.At.Equal(want) || loss.Call != time.Since(want) {
					t.Errorf("the loss is dated %s after the probe of the last answer, and is said to have taken %s", loss.At.Sub(want), loss.Call)
				}
			})
		})
	}
}
