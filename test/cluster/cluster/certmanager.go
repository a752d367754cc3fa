package cluster

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/tanist-dev/tanist/test/cluster/process"
)

// certManagerNamespace is where ClusterIssuers have their Secrets.
const certManagerNamespace = "cert-manager"

// startCertManager creates the CRDs, starts cert-manager's controllers in one process and returns when they have synced. Certificates
// that are created earlier are issued then.
func (c *Cluster) startCertManager(ctx context.Context) error {
	kubectl := func(args ...string) error {
		cmd := exec.CommandContext(ctx, filepath.Join(c.Components, "kubectl"), append([]string{"--kubeconfig", c.Kubeconfig()}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("failed to install cert-manager: kubectl %s: %w: %s", args[0], err, bytes.TrimSpace(out))
		}
		return nil
	}
	crds := filepath.Join(c.Components, "crds")
	if err := kubectl("apply", "--server-side", "--filename", crds); err != nil {
		return err
	}
	if err := kubectl("wait", "--for=condition=Established", "--timeout=60s", "--filename", crds); err != nil {
		return err
	}
	if err := kubectl("create", "namespace", certManagerNamespace); err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	log := filepath.Join(c.Dir, "logs", "cert-manager.log")
	if err := process.Start(process.Spec{
		Owner: process.Owner{Cluster: c.Dir}, Path: filepath.Join(c.Components, "cert-manager"), Log: log,
		Args: []string{"--kubeconfig", c.Kubeconfig(), "--namespace", certManagerNamespace, "--listen", address},
	}); err != nil {
		return err
	}
	if err := waitServing(ctx, "http://"+address+"/readyz"); err != nil {
		return fmt.Errorf("cert-manager does not become ready: %w (see %s)", err, log)
	}
	return nil
}

func waitServing(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client := http.Client{Timeout: time.Second}
	return wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false, err
		}
		response, err := client.Do(request)
		if err != nil {
			return false, nil //nolint:nilerr // not yet
		}
		return response.StatusCode == http.StatusOK, response.Body.Close()
	})
}

// freeAddress returns a loopback address that no program listens on. Its port is below the range of those for outgoing connections, one of which could
// take it before it is used.
func freeAddress() (string, error) {
	var failed error
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000)))
		if err == nil {
			return l.Addr().String(), l.Close()
		}
		failed = err
	}
	return "", fmt.Errorf("failed to find a free port: %w", failed)
}
