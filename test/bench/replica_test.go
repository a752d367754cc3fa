//go:build bench

package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/tanist-dev/tanist/test/env"
)

const (
	// tanistNamespace is where the Lease is.
	tanistNamespace = "tanist-system"
	// clusterVar marks the processes that tanist-cluster ends with the cluster.
	clusterVar = "TANIST_CLUSTER"
	// readyResolution is the resolution of the time to ready.
	readyResolution = 2 * time.Millisecond
)

// replica is the shipped program, as a process of this machine.
type replica struct {
	t *testing.T
	// program is the program's path, or its name in PATH.
	program         string
	metrics, health string
	// args are its flags, besides those for the addresses above, and env is its environment, besides the test's.
	args, env []string
	// log receives its log.
	log io.Writer
	// reads reads the metrics, at metricsURL.
	reads      *http.Client
	metricsURL string
	cmd        *exec.Cmd
}

// newReplica returns a replica without admission, for measurements in which nothing would call it.
func newReplica(t *testing.T) *replica {
	t.Helper()
	r := &replica{
		t: t, program: "tanist", metrics: env.UnusedAddress(), health: env.UnusedAddress(), log: os.Stderr, reads: http.DefaultClient,
		args: []string{"--webhook-port", "0", "--metrics-secure=false", "--peer-bind-address=0"},
	}
	r.metricsURL = "http://" + r.metrics + "/metrics"
	t.Cleanup(r.kill)
	return r
}

// start starts the program and returns how long it took to report that it is ready.
func (r *replica) start(ctx context.Context) (time.Duration, error) {
	// The command has no context, because kill ends a replica.
	r.cmd = exec.Command(r.program, append(slices.Clone(r.args), "--namespace", tanistNamespace,
		"--metrics-bind-address", r.metrics, "--health-probe-bind-address", r.health)...)
	r.cmd.Env = append(os.Environ(), clusterVar+"="+filepath.Dir(os.Getenv("KUBECONFIG")))
	r.cmd.Env = append(r.cmd.Env, r.env...)
	r.cmd.Stderr = r.log
	began := time.Now()
	if err := r.cmd.Start(); err != nil {
		return 0, fmt.Errorf("failed to start %s (is it in PATH?): %w", r.program, err)
	}
	err := wait.PollUntilContextTimeout(ctx, readyResolution, stallTimeout, true, func(ctx context.Context) (bool, error) {
		response, err := get(ctx, http.DefaultClient, "http://"+r.health+"/readyz")
		if err != nil {
			return false, nil //nolint:nilerr // it does not listen yet
		}
		return response.StatusCode == http.StatusOK, response.Body.Close()
	})
	if err != nil {
		return 0, fmt.Errorf("failed to see tanist ready: %w", err)
	}
	return time.Since(began), nil
}

// kill ends the program with SIGKILL, if it runs.
func (r *replica) kill() {
	if r.cmd == nil || r.cmd.Process == nil {
		return
	}
	if err := r.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		r.t.Errorf("failed to kill tanist: %v", err)
	}
	_ = r.cmd.Wait() // its error says that it was killed
	r.cmd = nil
}

func get(ctx context.Context, client *http.Client, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return client.Do(request)
}
