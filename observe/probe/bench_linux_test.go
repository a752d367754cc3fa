package probe_test

import (
	"context"
	"runtime"
	"syscall"
	"testing"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/probe"
)

// BenchmarkKubeletAsk measures the CPU time of one question to a kubelet, with several under way, without that of the kubelets.
func BenchmarkKubeletAsk(b *testing.B) {
	address := startProcess(b, observe.ProbeHTTPS).probe.Address
	measureAsk(b, func() func(context.Context) error {
		kubelet, err := probe.DialKubelet(b.Context(), address, func() {})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(kubelet.Close)
		return kubelet.Ask
	})
}

// BenchmarkAsk measures the CPU time of one question to a pod on a kept connection, with several under way, without that of the pods.
func BenchmarkAsk(b *testing.B) {
	for _, kind := range []observe.ProbeKind{observe.ProbeHTTP, observe.ProbeHTTPS, observe.ProbeGRPC} {
		b.Run(string(kind), func(b *testing.B) {
			pod := startProcess(b, kind)
			measureAsk(b, func() func(context.Context) error { return dial(b, pod.probe).Ask })
		})
	}
}

// measureAsk measures the CPU time of this process, the kernel's work for it included. The servers are other processes.
func measureAsk(b *testing.B, connect func() func(context.Context) error) {
	const connections = 16
	asks := make(chan func(context.Context) error, connections)
	for range connections {
		asks <- connect()
	}
	b.ReportAllocs()
	b.SetParallelism(connections / runtime.GOMAXPROCS(0))
	b.ResetTimer()
	before := usage(b)
	b.RunParallel(func(pb *testing.PB) {
		ask := <-asks
		for pb.Next() {
			ctx, cancel := context.WithTimeout(b.Context(), plenty)
			if err := ask(ctx); err != nil {
				b.Error(err)
			}
			cancel()
		}
	})
	after := usage(b)
	user, system := after.Utime.Nano()-before.Utime.Nano(), after.Stime.Nano()-before.Stime.Nano()
	b.ReportMetric(float64(user)/1e3/float64(b.N), "user-µs/op")
	b.ReportMetric(float64(system)/1e3/float64(b.N), "system-µs/op")
}

func usage(b *testing.B) (usage syscall.Rusage) {
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage
}

// BenchmarkIdleConn measures the memory of a kept connection between two questions, without that of the kernel.
func BenchmarkIdleConn(b *testing.B) {
	const connections = 1000
	for _, kind := range []observe.ProbeKind{observe.ProbeHTTP, observe.ProbeHTTPS, observe.ProbeGRPC} {
		b.Run(string(kind), func(b *testing.B) {
			pod := startProcess(b, kind)
			for b.Loop() {
				before := memory()
				conns := make([]*probe.Conn, connections)
				for i := range conns {
					conns[i] = dial(b, pod.probe)
					ask(b, conns[i])
				}
				b.ReportMetric(float64(memory()-before)/connections, "B/conn")
				for _, conn := range conns {
					conn.Close()
				}
			}
		})
	}
}

// memory returns the bytes that are in use after a collection of garbage.
func memory() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc + stats.StackInuse
}
