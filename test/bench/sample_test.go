//go:build bench

package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// sample is what a replica's metrics say of itself.
type sample struct {
	elected bool
	// memory is the bytes that the process holds, live those that its last garbage collection left.
	memory, live float64
	// peak is the most memory, in KiB, that the process ever held.
	peak float64
	// cpu is the seconds of CPU time since the start.
	cpu        float64
	goroutines float64
	// refused are the calls of the webhooks that it did not handle since the start: without the secret, or beyond a limit.
	refused float64
	// requests are the requests to the API server since the start, by method: the client counts each.
	requests map[string]float64
}

func (r *replica) sample(ctx context.Context) (sample, error) {
	metrics, err := r.scrape(ctx)
	if err != nil {
		return sample{}, err
	}
	s := sample{
		elected:    metrics["leader_election_master_status"][""] == 1,
		memory:     metrics["process_resident_memory_bytes"][""],
		live:       metrics["go_gc_heap_live_bytes"][""],
		cpu:        metrics["process_cpu_seconds_total"][""],
		goroutines: metrics["go_goroutines"][""],
		refused:    metrics["tanist_admission_unauthenticated_total"][""] + metrics["tanist_admission_rejected_total"][""],
		requests:   metrics["rest_client_requests_total"],
	}
	if s.memory == 0 || s.live == 0 || len(s.requests) == 0 {
		return sample{}, errors.New("failed to find the process's memory and requests among the metrics")
	}
	s.peak, err = r.peak()
	return s, err
}

// scrape returns the sums of each metric by its label method, the only one that matters here.
func (r *replica) scrape(ctx context.Context) (map[string]map[string]float64, error) {
	response, err := get(ctx, r.reads, r.metricsURL)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return nil, fmt.Errorf("failed to read metrics: %w", err)
	}
	sums := map[string]map[string]float64{}
	for name, family := range families {
		sums[name] = map[string]float64{}
		for _, metric := range family.GetMetric() {
			method := ""
			for _, label := range metric.GetLabel() {
				if label.GetName() == "method" {
					method = label.GetValue()
				}
			}
			sums[name][method] += metric.GetGauge().GetValue() + metric.GetCounter().GetValue()
		}
	}
	return sums, nil
}

// peak reads the peak from the kernel.
func (r *replica) peak() (kibibytes float64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	if _, err := fmt.Sscan(string(rest), &kibibytes); err != nil {
		return 0, fmt.Errorf("failed to read peak of memory: %w", err)
	}
	return kibibytes, nil
}

// resetPeak begins the peak anew with the present memory.
func (r *replica) resetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", r.cmd.Process.Pid), []byte("5"), 0)
}

// leaseWrites are the updates of the Lease: nothing else of Tanist's is a PUT. The test checks that the Lease's watch sees as many.
func (s sample) leaseWrites() float64 { return s.requests[http.MethodPut] }

// otherWrites are all other writes.
func (s sample) otherWrites() float64 {
	writes := 0.0
	for method, requests := range s.requests {
		if method != http.MethodGet && method != http.MethodPut {
			writes += requests
		}
	}
	return writes
}

// since is what was used and sent between two samples. memory, live and peak are the later sample's.
func (s sample) since(before sample) sample {
	s.cpu -= before.cpu
	s.refused -= before.refused
	requests := map[string]float64{}
	for method, sent := range s.requests {
		requests[method] = sent - before.requests[method]
	}
	s.requests = requests
	return s
}
