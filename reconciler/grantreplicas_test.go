package reconciler

import (
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	fcache "k8s.io/client-go/tools/cache/testing"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/grant/server"
	"github.com/tanist-dev/tanist/test/gen"
)

func replicaPod(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	return gen.ReadyPod(name, append([]func(*corev1.Pod){func(pod *corev1.Pod) {
		pod.Namespace, pod.Labels = "tanist-system", map[string]string{config.ReplicaNameKey: config.ReplicaName}
		pod.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: config.GrantsPort, ContainerPort: 8445}}
	}}, changes...)...)
}

// knowing returns what the replica self1 knows after it has been told of the pods that there are.
func knowing(pods ...*corev1.Pod) *replicaPods {
	r := &replicaPods{self: "self1", synced: func() bool { return true }, pods: map[string]*corev1.Pod{}}
	for _, pod := range pods {
		r.OnAdd(pod, true)
	}
	return r
}

var compareAddrPorts = cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })

func TestWhichReplicasAreAsked(t *testing.T) {
	noAddress := func(pod *corev1.Pod) { pod.Status.PodIPs = nil }
	cases := map[string]struct {
		other *corev1.Pod
		want  server.Replicas
	}{
		"one that is ready":             {other: replicaPod("b2"), want: server.Replicas{Addresses: []netip.AddrPort{netip.MustParseAddrPort("10.1.0.2:8445")}}},
		"one that is not":               {other: replicaPod("b2", gen.NotReady), want: server.Replicas{Addresses: []netip.AddrPort{netip.MustParseAddrPort("10.1.0.2:8445")}}},
		"one without grants":            {other: replicaPod("b2", func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports = nil })},
		"one that has not run yet":      {other: replicaPod("b2", noAddress, func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodPending })},
		"one that runs without address": {other: replicaPod("b2", noAddress), want: server.Replicas{Hidden: true}},
		"one in the host network":       {other: replicaPod("b2", inHostNetwork), want: server.Replicas{Hidden: true}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test.want.Left = time.Now()
				if diff := cmp.Diff(test.want, knowing(replicaPod("self1"), test.other).Replicas(), compareAddrPorts); diff != "" {
					t.Errorf("unexpected replicas (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestWhenAReplicaHasLeft(t *testing.T) {
	here := []netip.AddrPort{netip.MustParseAddrPort("10.1.0.2:8445")}
	cases := map[string]struct {
		happens   func(r *replicaPods)
		addresses []netip.AddrPort
		want      time.Duration
	}{
		"none has": {happens: func(r *replicaPods) { r.OnUpdate(nil, replicaPod("b2", gen.NotReady)) }, addresses: here},
		"one has":  {happens: func(r *replicaPods) { r.OnDelete(replicaPod("b2")) }, want: time.Hour},
		"one has, of which the informer does not know the last version": {
			happens: func(r *replicaPods) { r.OnDelete(toolscache.DeletedFinalStateUnknown{Key: "tanist-system/b2"}) }, want: time.Hour,
		},
		"one has, and another one has its name": {
			happens:   func(r *replicaPods) { r.OnUpdate(nil, replicaPod("b2", func(pod *corev1.Pod) { pod.UID = "new" })) },
			addresses: here, want: time.Hour,
		},
		"one has come, and none has": {happens: func(r *replicaPods) { r.OnAdd(replicaPod("c2"), false) }, addresses: append(here[:1:1], here...)},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := knowing(replicaPod("self1"), replicaPod("b2"))
				want := server.Replicas{Addresses: test.addresses, Left: time.Now().Add(test.want)}
				<-time.After(time.Hour)
				test.happens(r)
				if diff := cmp.Diff(want, r.Replicas(), compareAddrPorts); diff != "" {
					t.Errorf("unexpected replicas (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestAReplicaLeavesAtOnce: at no moment is a replica neither asked nor known to have left.
func TestAReplicaLeavesAtOnce(t *testing.T) {
	for range 100 {
		source := fcache.NewFakeControllerSource()
		source.Add(replicaPod("b2"))
		informer := toolscache.NewSharedIndexInformer(source, &corev1.Pod{}, 0, nil)
		r := &replicaPods{self: "self1", pods: map[string]*corev1.Pod{}}
		registered, err := informer.AddEventHandler(r)
		if err != nil {
			t.Fatal(err)
		}
		r.synced = registered.HasSynced
		if !r.Replicas().Hidden {
			t.Error("a replica that has just started believes that it knows all others")
		}
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { informer.Run(stop) })
		<-registered.HasSyncedChecker().Done()
		before := r.Replicas()
		if before.Hidden || before.Left.IsZero() || len(before.Addresses) != 1 {
			t.Errorf("at the start it knows %+v", before)
		}
		source.Delete(replicaPod("b2"))
		for now := before; len(now.Addresses) > 0 || now.Left.Equal(before.Left); now = r.Replicas() {
			if len(now.Addresses) == 0 {
				t.Fatalf("a replica has left, and nobody knows: %+v", now)
			}
			runtime.Gosched()
		}
		close(stop)
		wg.Wait()
	}
}
