//go:build bench

package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
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
	t               *testing.T
	metrics, health string
	cmd             *exec.Cmd
}

func newReplica(t *testing.T) *replica {
	t.Helper()
	r := &replica{t: t, metrics: freeAddress(t), health: freeAddress(t)}
	t.Cleanup(r.kill)
	return r
}

// start starts the program and returns how long it took to report that it is ready.
func (r *replica) start(ctx context.Context) (time.Duration, error) {
	// The command has no context, because kill ends a replica. Admission is left out, because nothing calls it while nothing happens.
	r.cmd = exec.Command("tanist", "--namespace", tanistNamespace, "--webhook-port", "0",
		"--metrics-bind-address", r.metrics, "--metrics-secure=false", "--health-probe-bind-address", r.health,
		"--peer-bind-address=0")
	r.cmd.Env = append(os.Environ(), clusterVar+"="+filepath.Dir(os.Getenv("KUBECONFIG")))
	r.cmd.Stderr = os.Stderr
	began := time.Now()
	if err := r.cmd.Start(); err != nil {
		return 0, fmt.Errorf("failed to start tanist (is it in PATH?): %w", err)
	}
	err := wait.PollUntilContextTimeout(ctx, readyResolution, stallTimeout, true, func(ctx context.Context) (bool, error) {
		response, err := get(ctx, "http://"+r.health+"/readyz")
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

func get(ctx context.Context, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(request)
}

// freeAddress returns an address that no program listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
