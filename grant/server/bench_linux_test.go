package server

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/grant"
)

// many is a cluster of many pods, each with an address on the loopback interface, of which every one of some number leads a Service of its
// own, and the others are candidates of one Service.
type many struct{ leaders int }

func (m many) slice(pod int) (types.NamespacedName, bool) {
	return types.NamespacedName{Namespace: "shop", Name: fmt.Sprintf("s%d-leader-ipv4", min(pod, m.leaders))}, pod < m.leaders
}

func podAddress(pod int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 1, byte(pod / 250), byte(pod%250 + 1)})
}

// CallerNamed implements Cluster.
func (many) CallerNamed(Pod) (Caller, bool) { return Caller{}, false }

// CallerAt implements Cluster.
func (m many) CallerAt(address netip.Addr) (Caller, bool) {
	bytes := address.As4()
	pod := int(bytes[2])*250 + int(bytes[3]) - 1
	slice, leads := m.slice(pod)
	return Caller{Pod: Pod{Namespace: "shop", Name: fmt.Sprint("p", pod), UID: fmt.Sprint("p", pod)}, Services: []Service{{
		Name: "s", LeaderService: "s-leader", Slice: slice, Leader: "p", Term: 10, Leads: leads,
	}}}, true
}

func (many) Replicas() Replicas { return Replicas{} }

func (m many) Read(_ context.Context, slice types.NamespacedName) (grant.View, error) {
	var pod int
	_, err := fmt.Sscanf(slice.Name, "s%d-", &pod)
	return grant.View{Slice: slice.Name, Generation: 1, Term: 10, Leader: fmt.Sprint("p", pod)}, err
}

// BenchmarkAThousandPods has pods ask over TCP, and reports the CPU time of a request: that of the server and that of the clients. A thousand
// pods that ask once a second cost a thousand times as much in each second. The reads cost nothing here.
func BenchmarkAThousandPods(b *testing.B) {
	const pods = 1000
	for _, leaders := range []int{0, 1, pods} {
		b.Run(fmt.Sprintf("leaders=%d", leaders), func(b *testing.B) {
			cluster := many{leaders}
			s, err := New(Options{Cluster: cluster, Reader: cluster, Duration: func() time.Duration { return time.Second }, Registerer: prometheus.NewRegistry()})
			if err != nil {
				b.Fatal(err)
			}
			server := httptest.NewServer(s.Handler())
			defer server.Close()
			clients := make([]*http.Client, pods)
			for i := range clients {
				dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: podAddress(i).AsSlice()}}
				clients[i] = &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
				defer clients[i].CloseIdleConnections()
			}
			var next atomic.Int64
			before := cpuTime(b)
			b.ResetTimer()
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						response, err := clients[i%pods].Get(server.URL + "/v1/me?session=x")
						if err != nil {
							b.Error(err)
							return
						}
						_, _ = io.Copy(io.Discard, response.Body)
						_ = response.Body.Close()
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
		})
	}
}

// cpuTime returns the CPU time of this process.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
